import { type MessageId, StoreError } from '../port.js';

/** Ids count from here, so that they stay safe integers until 2094. */
const EPOCH = Date.UTC(2025, 0, 1);
/** Room for so many ids in each millisecond; more run ahead of the clock, which does no harm. */
const PER_MILLISECOND = 4096;
/** A clock gone wild leaves room for 2^40 more ids, and every one of them safe. */
const LATEST = Number.MAX_SAFE_INTEGER - 2 ** 40;

/**
 * The processes that give out ids of one store at the same time: its server has the even ids, and a command beside it
 * the odd ones. So they never give out the same id, whatever their clocks say.
 */
type IdOwner = 'server' | 'command';

/**
 * Gives out message ids: the time in milliseconds and a sequence number within it, so that an id shows its age and no
 * counter has to be stored. They only rise, even if the clock is set back.
 */
export class MessageIds {
  #last: MessageId;
  readonly #now: () => number;
  readonly #remainder: 0 | 1;

  /** @param greatest the greatest id in the store; 0 if the store is empty */
  constructor(greatest: MessageId, now: () => number, owner: IdOwner = 'server') {
    this.#last = greatest;
    this.#now = now;
    this.#remainder = owner === 'server' ? 0 : 1;
  }

  next(): MessageId {
    const floor = Math.floor(this.#now() - EPOCH) * PER_MILLISECOND;
    const least = Math.max(this.#last + 1, Math.min(floor, LATEST));
    this.#last = least % 2 === this.#remainder ? least : least + 1;
    return this.#last;
  }
}

/** Returns the time that an id shows, in milliseconds since the epoch. */
export function timeOfId(id: MessageId): number {
  return EPOCH + Math.floor(id / PER_MILLISECOND);
}

/** Returns the least id that shows this time or a later one. */
export function idOfTime(time: number): MessageId {
  return (time - EPOCH) * PER_MILLISECOND;
}

/** Nodes that may share a database: each has its own part of the ids of a millisecond. */
export const SLOTS = 64;
const PER_SLOT = PER_MILLISECOND / SLOTS;

/**
 * Gives out ids of one of several nodes: the time in milliseconds, the node's slot, a sequence number. Ids of one node
 * only rise; those of several nodes are in the order of their clocks.
 *
 * A node reserves ids some time ahead. It gives out none beyond them: if it was stopped for long, another node may have
 * its slot, and that one begins after what was reserved. Until it has reserved more, its ids do not follow the clock.
 */
export class NodeIds {
  #last: MessageId;
  #reserved: MessageId = Number.MAX_SAFE_INTEGER;
  readonly #slot: number;
  readonly #now: () => number;
  readonly #onShort: () => void;

  /**
   * @param last no id of this slot above it has been given out
   * @param onShort called when the clock is beyond the reserved ids
   */
  constructor(slot: number, last: MessageId, now: () => number, onShort: () => void = () => undefined) {
    this.#onShort = onShort;
    this.#slot = slot;
    this.#last = last;
    this.#now = now;
  }

  get last(): MessageId {
    return this.#last;
  }

  /** No id above this one is given out from now on, until it is called again. */
  reserve(until: MessageId): void {
    this.#reserved = until;
  }

  /** @throws StoreError `failed` if all reserved ids have been given out */
  next(): MessageId {
    const next = this.#last + 1;
    const within = Math.floor(next / PER_SLOT) % SLOTS === this.#slot && next % PER_SLOT > 0;
    const following = within ? next : this.#after(this.#last);
    let id = Math.max(this.#from(this.#now()), following);
    if (id > this.#reserved) {
      this.#onShort();
      id = following;
      if (id > this.#reserved) throw new StoreError('failed', 'this node has lost its place in the database');
    }
    this.#last = id;
    return id;
  }

  /** Returns an id that is not reached within so many milliseconds, unless ids come faster than they are meant to. */
  ahead(milliseconds: number): MessageId {
    return Math.max(this.#last, this.#from(this.#now())) + milliseconds * PER_MILLISECOND;
  }

  #from(time: number): MessageId {
    return Math.min(Math.floor(time - EPOCH) * PER_MILLISECOND, LATEST) + this.#slot * PER_SLOT;
  }

  /** The first id of the slot in the millisecond after that of an id. */
  #after(id: MessageId): MessageId {
    return (Math.floor(id / PER_MILLISECOND) + 1) * PER_MILLISECOND + this.#slot * PER_SLOT;
  }
}
