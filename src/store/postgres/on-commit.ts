/** Receives the size and the time of each transaction that wrote a group: messages that came in, or settlements. */
export type OnCommit = (facts: {
  /** Messages of the group. */
  readonly writes: number;
  /** Milliseconds. */
  readonly duration: number;
}) => void;
