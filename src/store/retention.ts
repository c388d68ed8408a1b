/** The contract of removal: what is old goes, in small steps, while the store goes on taking messages. Part of `port.ts`. */

export interface RetentionRequest {
  /** Content of messages taken in before this, in milliseconds since the epoch, is removed; null for none. */
  readonly contentBefore: number | null;
  /** Messages taken in before this are removed with all that is kept of them; null for none. */
  readonly messagesBefore: number | null;
}

export interface Removed {
  /** Messages that have lost their content alone. */
  readonly contents: number;
  /** Messages that are gone. */
  readonly messages: number;
}

export interface Retention {
  /**
   * One small step: removes so much that nobody who commits meanwhile waits long for it. A message that is
   * held, waits, or whose sender is owed a notification, is not old. Resolves to what it removed: call
   * again until that is nothing.
   */
  removeOld(request: RetentionRequest): Promise<Removed>;

  /**
   * Gives room that is free in the store back to the device, in small steps as well. Resolves to the octets
   * given back; to zero once there is nothing to give.
   */
  shrink(): Promise<number>;
}
