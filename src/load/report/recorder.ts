import { type ConnectionError, ReplyError, type ReceivedReply } from '../../client/index.js';
import { type Pairs, Times } from './histogram.js';
import type { NumberedMail } from '../generator/mails.js';
import { INTERVAL } from '../generator/plan.js';

/** What was counted; every field adds up over intervals and threads. */
export interface Counts {
  /** Messages that were begun; each ends as one of the next three. */
  started: number;
  accepted: number;
  /** A reply said no. */
  refused: number;
  /** The connection went, or nobody answered. */
  lost: number;
  /** Octets of the accepted messages. */
  octets: number;
  /** Sessions that were ready to send. */
  opened: number;
  /** Those among them whose TLS session was one of an earlier connection. */
  resumed: number;
  /** Connections, hellos, handshakes and AUTH that failed. */
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
  /** The interval's number, from the beginning of the run. */
  readonly index: number;
  readonly counts: Counts;
  /** From the intended start to the reply. */
  readonly latency: Pairs;
  /** From the real start to the reply; empty in a closed loop, where the two are the same. */
  readonly service: Pairs;
  /** From the beginning of a connection until mail could be sent over it. */
  readonly setup: Pairs;
  /** How late messages were begun although a connection was free: the generator's own lateness. */
  readonly slip: Pairs;
  /** Replies by code: `[code, count, ...]`. */
  readonly replies: Pairs;
  /** When the last message ended, in milliseconds of the run; 0 where none did. */
  readonly lastEnd: number;
}

/** One example of each way in which something went wrong. */
export interface Faults {
  /** By code, such as `451`: the first such reply. */
  readonly replies: Record<string, string>;
  /** By kind, such as `timeout`: how often, and the first of them in words. */
  readonly errors: Record<string, { count: number; first: string }>;
}

/** Codes are below it. */
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
   * @param openLoop whether the real start is worth keeping beside the intended one
   * @param done gets each interval that is over
   */
  constructor(
    private readonly openLoop: boolean,
    private readonly done: (interval: Interval) => void,
  ) {}

  replied(reply: ReceivedReply): void {
    const { code } = reply;
    this.#replies[code] = (this.#replies[code] ?? 0) + 1;
    // Of a recipient, it need not be why the message is refused.
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
      // It has waited that long at the least.
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

  /** The time is this: an interval that is over is handed out. */
  at(now: number): void {
    const index = Math.floor(now / INTERVAL);
    if (index <= this.#index) return;
    this.flush();
    this.#index = index;
  }

  /** Hands out what there is. */
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
