import type { MessageId } from '../port.js';

/** Ids count from here, so that they stay safe integers until 2094. */
const EPOCH = Date.UTC(2025, 0, 1);
/** Room for so many ids in each millisecond; more run ahead of the clock, which does no harm. */
const PER_MILLISECOND = 4096;
/** A clock gone wild leaves room for 2^40 more ids, and every one of them safe. */
const LATEST = Number.MAX_SAFE_INTEGER - 2 ** 40;

/**
 * Gives out message ids: the time in milliseconds and a sequence number within it, so that an id shows its age and no
 * counter has to be stored. They only rise, even if the clock is set back.
 */
export class MessageIds {
  #last: MessageId;
  readonly #now: () => number;

  /** @param greatest the greatest id in the store; 0 if the store is empty */
  constructor(greatest: MessageId, now: () => number) {
    this.#last = greatest;
    this.#now = now;
  }

  next(): MessageId {
    const floor = Math.floor(this.#now() - EPOCH) * PER_MILLISECOND;
    this.#last = Math.max(this.#last + 1, Math.min(floor, LATEST));
    return this.#last;
  }
}
