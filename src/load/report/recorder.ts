import { type ConnectionError, ReplyError, type ReceivedReply } from '../../client/index.js';
import { type Pairs, Times } from './histogram.js';
import type { NumberedMail } from '../generator/mails.js';
import { INTERVAL } from '../generator/plan.js';

/** Counters. Every field adds up over intervals and threads. */
export interface Counts {
  /** Messages that were started; each ends as one of the next three. */
  started: number;
  accepted: number;
  /** The server refused the message with a reply. */
  refused: number;
  /** The connection was lost or the reply timed out. */
  lost: number;
  /** Octets of the accepted messages. */
  octets: number;
  /** Sessions that were ready to send. */
  opened: number;
  /** Sessions of these that resumed the TLS session of an earlier connection. */
  resumed: number;
  /** Connections, hellos, handshakes and AUTH commands that failed. */
  notOpened: number;
}

export const NOTHING: Counts = {
  started: 0,
  accepted: 0,
  refused: 0,
  lost: 0,
  octets: 0,
  opened: 0,
  resumed: 0,
  notOpened: 0,
};

/** What happened within one interval of one thread. */
export interface Interval {
  /** Number of the interval, counted from the beginning of the run. */
  readonly index: number;
  readonly counts: Counts;
  /** From the intended start to the reply. */
  readonly latency: Pairs;
  /** From the real start to the reply; empty in a closed loop, in which the two are equal. */
  readonly service: Pairs;
  /** From the beginning of a connection until mail could be sent over it. */
  readonly setup: Pairs;
  /** How late messages started although a connection was free: the delay that the generator itself caused. */
  readonly slip: Pairs;
  /** Replies by code: `[code, count, ...]`. */
  readonly replies: Pairs;
  /** When the last message ended, in milliseconds of the run; 0 if no message ended. */
  readonly lastEnd: number;
}

/** One example of each kind of failure. */
export interface Faults {
  /** The first reply with each code, such as `451`. */
  readonly replies: Record<string, string>;
  /** For each kind of error, such as `timeout`: how often it happened, and the first text. */
  readonly errors: Record<string, { count: number; first: string }>;
}

/** All reply codes are below this number. */
const CODES = 600;

/** Counts and times of one thread, by interval. */
export class Recorder {
  #index = 0;
  #counts: Counts = { ...NOTHING };
  #lastEnd = 0;
  readonly #latency = new Times();
  readonly #service = new Times();
  readonly #setup = new Times();
  readonly #slip = new Times();
  readonly #replies = new Float64Array(CODES);
  readonly faults: Faults = { replies: {}, errors: {} };
  inFlight = 0;

  /**
   * @param openLoop if true, the real start is recorded beside the intended one
   * @param done gets each interval that is over
   */
  constructor(
    private readonly openLoop: boolean,
    private readonly done: (interval: Interval) => void,
  ) {}

  replied(reply: ReceivedReply): void {
    const { code } = reply;
    this.#replies[code] = (this.#replies[code] ?? 0) + 1;
    // A refused recipient need not be the reason why the message is refused.
    if (code >= 400 && !(code in this.faults.replies)) this.faults.replies[code] = reply.toString();
  }

  started(now: number): void {
    this.at(now);
    this.#counts.started++;
    this.inFlight++;
  }

  settled(mail: NumberedMail, accepted: boolean, now: number): void {
    this.#ended(now);
    if (accepted) {
      this.#counts.accepted++;
      this.#counts.octets += mail.octets;
    } else this.#counts.refused++;
    this.#latency.record(now - mail.intended);
    if (this.openLoop) this.#service.record(now - mail.started);
  }

  lost(mails: readonly NumberedMail[], error: ConnectionError, now: number): void {
    for (const { intended } of mails) {
      this.#ended(now);
      this.#counts.lost++;
      // The message has waited at least this long.
      this.#latency.record(now - intended);
    }
    this.#fault(error.fault, error.message);
  }

  opened(began: number, now: number, resumed: boolean): void {
    this.at(now);
    this.#counts.opened++;
    if (resumed) this.#counts.resumed++;
    this.#setup.record(now - began);
  }

  notOpened(error: ConnectionError | ReplyError, now: number): void {
    this.at(now);
    this.#counts.notOpened++;
    this.#fault(error instanceof ReplyError ? 'refused' : error.fault, error.message);
  }

  slipped(milliseconds: number): void {
    this.#slip.record(milliseconds);
  }

  /** Reports the current time, so that an interval that is over is passed on. */
  at(now: number): void {
    const index = Math.floor(now / INTERVAL);
    if (index <= this.#index) return;
    this.flush();
    this.#index = index;
  }

  /** Passes on the current interval, complete or not. */
  flush(): void {
    const replies: number[] = [];
    for (let code = 0; code < CODES; code++) {
      const count = this.#replies[code] ?? 0;
      if (count > 0) replies.push(code, count);
    }
    this.#replies.fill(0);
    this.done({
      index: this.#index,
      counts: this.#counts,
      latency: this.#latency.take(),
      service: this.#service.take(),
      setup: this.#setup.take(),
      slip: this.#slip.take(),
      replies: Float64Array.from(replies),
      lastEnd: this.#lastEnd,
    });
    this.#counts = { ...NOTHING };
    this.#lastEnd = 0;
  }

  #ended(now: number): void {
    this.at(now);
    this.inFlight--;
    this.#lastEnd = now;
  }

  #fault(kind: string, message: string): void {
    const known = (this.faults.errors[kind] ??= { count: 0, first: message });
    known.count++;
  }
}
