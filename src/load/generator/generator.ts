/** Generator: decides when each message of a thread starts, and which connection sends it. */
import { ConnectionError, type SessionOptions, Shared, UnsupportedError } from '../../client/parts.js';
import { Secret } from '../../base/secret.js';
import { RunFailed } from './failure.js';
import { Sender, type SenderOptions, type MessageSource } from './sender.js';
import { Mails, type NumberedMail } from './mails.js';
import type { Plan, User } from './plan.js';
import { randomFrom } from './random.js';
import type { Recorder } from '../report/recorder.js';
import { intendedStarts } from './schedule.js';

/** The part of the run that one thread does. */
interface Part {
  readonly index: number;
  readonly of: number;
}

/** Ends the run if no connection could be opened for this long, in milliseconds. */
const GIVE_UP = 10_000;
/**
 * How long a thread of several continues after all its connections were refused, in milliseconds. The other threads
 * may hold all the connections that the server allows, and a thread learns of their success only once an interval.
 */
const NEWS = 1_000;
/**
 * If a message is due within this time, in milliseconds, the thread polls instead of sleeping: a timer is one or two
 * milliseconds late.
 */
const SPIN = 2;

/** Generates the load of one thread: decides when each message starts and which connection sends it. */
export class Generator implements MessageSource {
  readonly #senders = new Set<Sender>();
  /** Senders without work. The one that has waited longest gets the next message. */
  #idle: Sender[] = [];
  /** By the sender's address. */
  readonly #mails = new Map<string, Mails>();
  readonly #date: number;
  readonly #nextStart: (() => number) | null;
  /** Open loop only: intended starts of messages that are due and have no connection yet. */
  #due: number[] = [];
  #dueFrom = 0;
  #pending = Infinity;
  /** Number of messages that may still be started. */
  #left: number;
  #number = 0;
  #stopped = false;
  #failure: RunFailed | null = null;
  /** Senders that never had a connection. Not used any more after one sender has connected. */
  readonly #without = new Set<Sender>();
  #everOpened = false;
  #lastOpen = 0;
  /** When the last sender was found to be without a connection, in milliseconds of the run. */
  #withoutSince: number | null = null;
  #stoppedAt = 0;
  #gaveUp = false;
  readonly #timers = new Set<NodeJS.Timeout>();
  #finished: (() => void) | null = null;

  /** @param now returns the milliseconds since the run began */
  constructor(
    private readonly plan: Plan,
    private readonly part: Part,
    private readonly recorder: Recorder,
    readonly now: () => number,
    date: number,
  ) {
    this.#date = Math.floor(date);
    this.#left = plan.messages === null ? Infinity : shareOf(plan.messages, part);
    const random = randomFrom(plan.seed ^ (0x5bd1e995 * (part.index + 1)));
    this.#nextStart = plan.schedule === null ? null : intendedStarts(plan.schedule, random, part);
  }

  /**
   * Resolves when everything is sent or the time is over. Rejects with {@link RunFailed} if no connection ever
   * succeeded.
   */
  async run(): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#finished = resolve;
    });
    this.#lastOpen = this.now();
    const senders = Math.max(1, shareOf(this.plan.connections, this.part));
    const shared = new Shared();
    for (let index = 0; index < senders; index++) {
      const options = this.#senderOptions(index * this.part.of + this.part.index);
      const sender = new Sender(options, this, this.recorder, shared);
      this.#senders.add(sender);
      const wait = this.plan.schedule === null ? (this.plan.ramp * index) / senders : 0;
      if (wait === 0) sender.begin();
      else this.#after(wait, () => sender.begin());
    }
    if (this.plan.duration !== null) this.#after(this.plan.duration, () => this.stop(this.plan.drain));
    if (this.#nextStart !== null) this.#schedule();
    await over;
    for (const timer of this.#timers) clearTimeout(timer);
    if (this.#failure !== null) throw this.#failure;
  }

  /** Starts no more messages, and gives those under way `drain` milliseconds to end. */
  stop(drain: number): void {
    this.#stopped = true;
    this.#stoppedAt ||= this.now();
    this.#wakeAll();
    this.#after(drain, () => this.#abort());
  }

  /** When the time was over, in milliseconds of the run; 0 if all messages ended before. */
  get stoppedAt(): number {
    return this.#stoppedAt;
  }

  /** True if the run ended because the server was unreachable for too long. */
  get gaveUp(): boolean {
    return this.#gaveUp;
  }

  /** Number of messages that were due and never started. */
  get unstarted(): number {
    return this.#due.length - this.#dueFrom;
  }

  /** Records that another thread has a connection: the server works, even if it refuses this thread's connections. */
  served(): void {
    this.#everOpened = true;
    this.#lastOpen = this.now();
  }

  // ---- the interface that senders use

  get over(): boolean {
    if (this.#failure !== null) return true;
    if (this.#nextStart === null) return this.#stopped || this.#left === 0;
    return (this.#stopped || (this.#left === 0 && this.#pending === Infinity)) && this.unstarted === 0;
  }

  take({ options: { from } }: Sender): NumberedMail | null {
    const now = this.now();
    if (this.#nextStart === null) {
      if (this.over) return null;
      this.#left--;
      return this.#make(from, now, now);
    }
    const intended = this.#due[this.#dueFrom];
    if (intended === undefined) return null;
    this.#dueFrom++;
    if (this.#dueFrom === this.#due.length) {
      this.#due = [];
      this.#dueFrom = 0;
      // Not in this turn: the sender that takes this message would be woken and find no work.
      if (this.over) setImmediate(() => this.#wakeAll());
    }
    return this.#make(from, intended, now);
  }

  get waiting(): boolean {
    return this.unstarted > 0;
  }

  idle(sender: Sender): void {
    this.#idle.push(sender);
  }

  closed(sender: Sender): void {
    this.#senders.delete(sender);
    if (this.#senders.size === 0) this.#finished?.();
  }

  tried(sender: Sender, error: Error | null): void {
    const now = this.now();
    if (error === null) {
      this.#everOpened = true;
      this.#lastOpen = now;
      return;
    }
    const late = now - this.#lastOpen > GIVE_UP;
    const missing = error instanceof UnsupportedError ? error.keyword : null;
    this.#without.add(sender);
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
    if (this.#without.size < this.#senders.size) return false;
    this.#withoutSince ??= now;
    return this.part.of === 1 || now - this.#withoutSince >= NEWS;
  }

  // ---- the schedule

  #make(from: string, intended: number, started: number): NumberedMail {
    this.recorder.started(started);
    const number = this.#number++ * this.part.of + this.part.index;
    let mails = this.#mails.get(from);
    if (mails === undefined) {
      mails = new Mails(this.plan, from, this.part.index, this.#date);
      this.#mails.set(from, mails);
    }
    return mails.make(number, intended, started);
  }

  /** Moves messages that are due to the list, and sets a timer for the next one. */
  #schedule(): void {
    const { duration } = this.plan;
    const now = this.now();
    this.recorder.at(now);
    if (this.#pending === Infinity) this.#advance();
    while (this.#pending <= now && !this.#stopped) {
      // If a connection is free, only this thread can be the reason for the delay.
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
    for (const sender of idle) sender.wake();
    for (const sender of this.#senders) sender.wake();
  }

  #abort(): void {
    this.#stopped = true;
    const error = new ConnectionError('timeout', 'there was no reply when the time was over');
    for (const sender of this.#senders) sender.abort(error);
  }

  #after(milliseconds: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, milliseconds);
    this.#timers.add(timer);
  }

  /** @param connection the number of the connection among those of all parts, from 0 */
  #senderOptions(connection: number): SenderOptions {
    const { plan } = this;
    const user = plan.users.length === 0 ? null : (plan.users[connection % plan.users.length] ?? null);
    return {
      session: sessionOptions(plan, user),
      from: user?.from ?? plan.from.replaceAll('{n}', String(connection)),
      pipelining: plan.pipelining,
      chunking: plan.chunking,
      lmtp: plan.target.lmtp,
      messagesPerConnection: plan.messagesPerConnection ?? Infinity,
      lazy: plan.schedule !== null && plan.messagesPerConnection !== null,
    };
  }
}

function sessionOptions({ target, mechanism, ...plan }: Plan, own: User | null): SessionOptions {
  const { host, addresses, port, implicitTls, path, lmtp } = target;
  const { user, password } = own ?? target;
  return {
    host,
    addresses: addresses ?? undefined,
    port,
    ...(path === null ? {} : { path }),
    implicitTls,
    lmtp,
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

/** Returns true if this process has no file descriptors left, which is not the server's fault. */
function outOfFiles({ cause }: Error): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EMFILE';
}

/** Returns the share of a total that falls to this part. The shares of all parts add up to the total. */
function shareOf(total: number, { index, of }: Part): number {
  return Math.floor(total / of) + (index < total % of ? 1 : 0);
}
