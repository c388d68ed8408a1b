/** Buffers of full chunks kept for reuse: 4 MiB at the default size. */
const KEPT = 16;
/** The least that a draft takes. */
const SMALLEST = 2048;

/**
 * Buffers for drafts. Those of full chunks come back from the worker and are filled again: left to the
 * garbage collector of another thread, they would pile up while large messages stream in.
 */
export class BufferPool {
  /** Octets of a full chunk. */
  readonly largest: number;
  readonly #free: ArrayBuffer[] = [];

  constructor(largest: number) {
    this.largest = largest;
  }

  give(buffers: readonly ArrayBuffer[]): void {
    for (const buffer of buffers) {
      if (this.#free.length < KEPT) this.#free.push(buffer);
    }
  }

  /**
   * A buffer that has room for `needed` octets, which must be at most {@link largest}, and begins with the
   * `length` octets of the given one: that one itself where it is large enough.
   *
   * @param full whether a whole chunk is likely to be needed
   */
  grow(
    buffer: Uint8Array<ArrayBuffer> | null,
    length: number,
    needed: number,
    full: boolean,
  ): Uint8Array<ArrayBuffer> {
    if (buffer !== null && buffer.length >= needed) return buffer;
    const grown = this.#take(full ? this.largest : Math.max(needed, 2 * length, SMALLEST));
    if (buffer !== null) grown.set(buffer.subarray(0, length));
    return grown;
  }

  #take(octets: number): Uint8Array<ArrayBuffer> {
    if (octets < this.largest) return new Uint8Array(octets);
    return new Uint8Array(this.#free.pop() ?? new ArrayBuffer(this.largest));
  }
}
