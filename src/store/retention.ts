/**
 * The contract of retention: old messages are removed in small steps, while the store goes on taking messages. Part of
 * `port.ts`.
 *
 * The request holds for domains that have no rule of their own; see {@link DomainRetention} for those that have.
 */

export interface RetentionRequest {
  /** Milliseconds since the epoch: the ages of {@link DomainRetention} count from it. */
  readonly now: number;
  /**
   * Content of messages accepted before this time is removed, in milliseconds since the epoch; null removes no
   * content.
   */
  readonly contentBefore: number | null;
  /** Messages accepted before this time are removed with all their data; null removes no messages. */
  readonly messagesBefore: number | null;
}

export interface Removed {
  /** Number of messages whose content was removed. */
  readonly contents: number;
  /** Number of messages that were removed. */
  readonly messages: number;
}

export interface Retention {
  /**
   * Does one small step, so that a commit at the same time does not wait long. A message that is held, waits, or whose
   * sender is owed a notification does not count as old, and its content does not give way to
   * {@link DomainRetention.contentOctets}. Resolves to what it removed: call again until that is nothing.
   */
  removeOld(request: RetentionRequest): Promise<Removed>;

  /**
   * Returns free space of the store to the device, in small steps as well. Resolves to the number of octets; 0 if
   * there is nothing left to return.
   */
  shrink(): Promise<number>;
}
