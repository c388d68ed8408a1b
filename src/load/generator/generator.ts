import { ConnectionError, type SessionOptions, Shared, UnsupportedError } from '../../client/index.js';
import { Secret } from '../../base/secret.js';
import { RunFailed } from './failure.js';
import { Lane, type LaneOptions, type Work } from './lane.js';
import { Mails, type NumberedMail } from './mails.js';
import type { Plan } from './plan.js';
import { randomFrom } from './random.js';
import type { Recorder } from '../report/recorder.js';
import { intendedStarts } from './schedule.js';

/** Which part of the run a thread has. */
export interface Part {
  readonly index: number;
  readonly of: number;
}

/** A run ends where no connection could be had for this long, in milliseconds. */
const GIVE_UP = 10_000;
/**
 * Where there are several threads, one that is refused goes on for so long, in milliseconds: others may have all the
 * connections that the server gives, and news of that takes an interval.
 */
const NEWS = 1_000;
/** From here on a due message is waited for awake, in milliseconds: a timer is late by one or two. */
const SPIN = 2;

/** The load of one thread: what to send when, over which connection. */
export class Generator implements Work {
  readonly #lanes = new Set<Lane>();
  /** Lanes without work; the one that waits longest gets the next message. */
  #idle: Lane[] = [];
  readonly #mails: Mails;
  readonly #nextStart: (() => number) | null;
  /** Of an open loop: what is due and has no connection yet, by its intended start. */
  #due: number[] = [];
  #dueFrom = 0;
  #pending = Infinity;
  /** Messages that may be started yet. */
  #left: number;
  #number = 0;
  #stopped = false;
  #failure: RunFailed | null = null;
  /** Lanes that have had no connection; of no interest once one of all has had one. */
  readonly #without = new Set<Lane>();
  #everOpened = false;
  #lastOpen = 0;
  /** When all lanes had been without a connection, in milliseconds of the run. */
  #withoutSince: number | null = null;
  #stoppedAt = 0;
  #gaveUp = false;
  readonly #timers = new Set<NodeJS.Timeout>();
  #finished: (() => void) | null = null;

  /** @param now milliseconds of the run */
  constructor(
    private readonly plan: Plan,
    private readonly part: Part,
    private readonly recorder: Recorder,
    readonly now: () => number,
    date: number,
  ) {
    this.#mails = new Mails(plan, part.index, Math.floor(date));
    this.#left = plan.messages === null ? Infinity : shareOf(plan.messages, part);
    const random = randomFrom(plan.seed ^ (0x5bd1e995 * (part.index + 1)));
    this.#nextStart = plan.schedule === null ? null : intendedStarts(plan.schedule, random, part);
  }

  /** Resolves when all is sent or the time is over. Rejects with RunFailed where there was never a connection. */
  async run(): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#finished = resolve;
    });
    this.#lastOpen = this.now();
    const lanes = Math.max(1, shareOf(this.plan.connections, this.part));
    const shared = new Shared();
    const options = this.#laneOptions();
    for (let index = 0; index < lanes; index++) {
      const lane = new Lane(options, this, this.recorder, shared);
      this.#lanes.add(lane);
      const wait = this.plan.schedule === null ? (this.plan.ramp * index) / lanes : 0;
      if (wait === 0) lane.begin();
      else this.#after(wait, () => lane.begin());
    }
    if (this.plan.duration !== null) this.#after(this.plan.duration, () => this.stop(this.plan.drain));
    if (this.#nextStart !== null) this.#schedule();
    await over;
    for (const timer of this.#timers) clearTimeout(timer);
    if (this.#failure !== null) throw this.#failure;
  }

  /** Starts no more messages; what is on its way has that many milliseconds. */
  stop(drain: number): void {
    this.#stopped = true;
    this.#stoppedAt ||= this.now();
    this.#wakeAll();
    this.#after(drain, () => this.#abort());
  }

  /** When the time was over, in milliseconds of the run; 0 where the messages were sooner. */
  get stoppedAt(): number {
    return this.#stoppedAt;
  }

  /** The server was gone for too long. */
  get gaveUp(): boolean {
    return this.#gaveUp;
  }

  /** Messages that were due and never began. */
  get unstarted(): number {
    return this.#due.length - this.#dueFrom;
  }

  /** Another thread has been served: the server is there, though it may have no connection for this one. */
  served(): void {
    this.#everOpened = true;
    this.#lastOpen = this.now();
  }

  // ---- what lanes ask and tell

  get over(): boolean {
    if (this.#failure !== null) return true;
    if (this.#nextStart === null) return this.#stopped || this.#left === 0;
    return (this.#stopped || (this.#left === 0 && this.#pending === Infinity)) && this.unstarted === 0;
  }

  take(): NumberedMail | null {
    const now = this.now();
    if (this.#nextStart === null) {
      if (this.over) return null;
      this.#left--;
      return this.#make(now, now);
    }
    const intended = this.#due[this.#dueFrom];
    if (intended === undefined) return null;
    this.#dueFrom++;
    if (this.#dueFrom === this.#due.length) {
      this.#due = [];
      this.#dueFrom = 0;
      // Not now: the lane that takes this one would be told that there is none.
      if (this.over) setImmediate(() => this.#wakeAll());
    }
    return this.#make(intended, now);
  }

  get waiting(): boolean {
    return this.unstarted > 0;
  }

  idle(lane: Lane): void {
    this.#idle.push(lane);
  }

  closed(lane: Lane): void {
    this.#lanes.delete(lane);
    if (this.#lanes.size === 0) this.#finished?.();
  }

  tried(lane: Lane, error: Error | null): void {
    const now = this.now();
    if (error === null) {
      this.#everOpened = true;
      this.#lastOpen = now;
      return;
    }
    const late = now - this.#lastOpen > GIVE_UP;
    const missing = error instanceof UnsupportedError ? error.keyword : null;
    this.#without.add(lane);
    if (this.#everOpened) {
      if (late && this.recorder.inFlight === 0 && !this.#stopped) {
        this.#gaveUp = true;
        this.stop(0);
      }
    } else if (missing !== null || outOfFiles(error) || late || this.#hopeless(now)) {
      this.#failure ??= new RunFailed(error.message, missing, { cause: error });
      this.#abort();
    }
  }

  #hopeless(now: number): boolean {
    if (this.#without.size < this.#lanes.size) return false;
    this.#withoutSince ??= now;
    return this.part.of === 1 || now - this.#withoutSince >= NEWS;
  }

  // ---- the schedule

  #make(intended: number, started: number): NumberedMail {
    this.recorder.started(started);
    const number = this.#number++ * this.part.of + this.part.index;
    return this.#mails.make(number, intended, started);
  }

  /** Puts what is due in hand, and waits for the next one. */
  #schedule(): void {
    const { duration } = this.plan;
    const now = this.now();
    this.recorder.at(now);
    if (this.#pending === Infinity) this.#advance();
    while (this.#pending <= now && !this.#stopped) {
      // With a connection free and waiting, only this thread can be late.
      if (this.#idle.length > 0) this.recorder.slipped(now - this.#pending);
      this.#due.push(this.#pending);
      this.#advance();
      this.#dispatch();
    }
    if (this.#stopped || this.#pending === Infinity || (duration !== null && this.#pending > duration)) {
      this.#pending = Infinity;
      if (this.over) this.#wakeAll();
      return;
    }
    const wait = this.#pending - this.now();
    if (wait > SPIN) this.#after(wait - SPIN, () => this.#schedule());
    else setImmediate(() => this.#schedule());
  }

  #advance(): void {
    this.#pending = this.#left > 0 ? (this.#nextStart?.() ?? Infinity) : Infinity;
    if (this.#pending !== Infinity) this.#left--;
  }

  #dispatch(): void {
    this.#idle.shift()?.wake();
  }

  #wakeAll(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const lane of idle) lane.wake();
    for (const lane of this.#lanes) lane.wake();
  }

  #abort(): void {
    this.#stopped = true;
    const error = new ConnectionError('timeout', 'there was no reply when the time was over');
    for (const lane of this.#lanes) lane.abort(error);
  }

  #after(milliseconds: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, milliseconds);
    this.#timers.add(timer);
  }

  #laneOptions(): LaneOptions {
    const { plan } = this;
    return {
      session: sessionOptions(plan),
      pipelining: plan.pipelining,
      chunking: plan.chunking,
      messagesPerConnection: plan.messagesPerConnection ?? Infinity,
      lazy: plan.schedule !== null && plan.messagesPerConnection !== null,
    };
  }
}

function sessionOptions({ target, mechanism, ...plan }: Plan): SessionOptions {
  const { host, addresses, port, implicitTls, user, password } = target;
  return {
    host,
    addresses: addresses ?? undefined,
    port,
    implicitTls,
    startTls: plan.startTls,
    tls: { verify: plan.verifyTls, ...(plan.resumeTls ? { sessions: { last: null } } : {}) },
    timeout: plan.timeout,
    hello: plan.hello,
    required: [...(plan.pipelining ? ['PIPELINING'] : []), ...(plan.chunking ? ['CHUNKING'] : [])],
    credentials:
      user === null
        ? undefined
        : {
            user,
            password: new Secret(password ?? ''),
            ...(mechanism === null ? {} : { mechanism }),
          },
  };
}

/** It is this process that cannot have as many connections, and no fault of the server. */
function outOfFiles({ cause }: Error): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EMFILE';
}

/** What of a number of things falls to this part; all parts together have all of them. */
function shareOf(total: number, { index, of }: Part): number {
  return Math.floor(total / of) + (index < total % of ? 1 : 0);
}
