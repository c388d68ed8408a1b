import type { PhaseKind } from '../../protocol/index.js';
import type { Deadlined, Deadlines } from './deadlines.js';
import type { DataRate, Timeouts } from '../limits.js';

/** The event that a connection waits for. It decides the timeout. */
export type Waiting =
  /** A command line or a SASL line. */
  | 'command'
  | 'content'
  /** A verdict, a sink, a store: the server's own business, no deadline of the client's. */
  | 'server'
  /** The client, to read replies. */
  | 'write'
  | 'handshake'
  /** The client, to close. */
  | 'close';

/** Milliseconds. */
function lengthOf(waiting: Exclude<Waiting, 'server' | 'content'>, timeouts: Timeouts): number {
  return timeouts[waiting === 'close' ? 'linger' : waiting];
}

/** How long clients are waited for. */
export interface TimeoutContext {
  readonly timeouts: Timeouts;
  readonly dataRate: DataRate;
  readonly deadlines: Deadlines;
}

/** Hears that its deadline has passed. */
interface Expiring {
  expired(waiting: Waiting): void;
}

/** The event that a connection waits for, and the time by which it must come. */
export class ClientDeadline implements Deadlined {
  watchedAt = -1;
  #waiting: Waiting = 'command';
  /** Clock time by which {@link #waiting} must be over; Infinity for the server's own business. */
  #deadline = Infinity;
  /** Clock time at which content began, less the time it was held back; 0 outside content. */
  #contentBegan = 0;
  #contentOctets = 0;

  constructor(
    private readonly context: TimeoutContext,
    private readonly connection: Expiring,
  ) {}

  get waiting(): Waiting {
    return this.#waiting;
  }

  /** Begins to wait for another event. */
  waitFor(waiting: Waiting): void {
    this.#waiting = waiting;
    if (waiting === 'server') {
      this.#deadline = Infinity;
      return;
    }
    const { timeouts, deadlines, dataRate } = this.context;
    const now = deadlines.clock();
    if (waiting !== 'content') {
      // The common case first, and by a name that is known before.
      this.#deadline = now + (waiting === 'command' ? timeouts.command : lengthOf(waiting, timeouts));
      return;
    }
    if (this.#contentBegan === 0) this.#contentBegan = now;
    this.#deadline = now + timeouts.dataBlock;
    if (dataRate.octetsPerSecond > 0) {
      const earned = (this.#contentOctets / dataRate.octetsPerSecond) * 1000;
      this.#deadline = Math.min(this.#deadline, this.#contentBegan + dataRate.grace + earned);
    }
  }

  /** Octets have come: they count for the rate of content where there is content. */
  came(octets: number): void {
    if (this.#contentBegan !== 0) this.#contentOctets += octets;
  }

  /** Content was held back since this clock time: the client is not slow for it. */
  heldBack(since: number): void {
    if (this.#contentBegan !== 0) this.#contentBegan += this.context.deadlines.clock() - since;
  }

  /**
   * Returns whether the next octets are content, kept or not. If the phase is not of a message that is on its way, the
   * count for the rate of content begins anew.
   */
  inContent(phase: PhaseKind): boolean {
    if (phase === 'data' || phase === 'chunk' || phase === 'discarding' || phase === 'unsolicited')
      return true;
    // Between two chunks the message is still on its way: its average goes on.
    if (phase !== 'chunked') this.#contentBegan = this.#contentOctets = 0;
    return false;
  }

  /** @param answered whether a reply was written: the deadline is one for each command, not for each octet. */
  waitForOctets(content: boolean, answered: boolean): void {
    if (content) this.waitFor('content');
    else if (answered || this.#waiting !== 'command') this.waitFor('command');
  }

  expire(now: number): void {
    if (now >= this.#deadline) this.connection.expired(this.#waiting);
  }
}
