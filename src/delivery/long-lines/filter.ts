/** Octets that change their form while they pass in pieces. How they are cut makes no difference to the result. */
export interface Filter {
  /** Takes the next octets, and returns what is complete now. */
  update(piece: Buffer): Buffer;
  /** Returns the rest. */
  end(): Buffer;
}
