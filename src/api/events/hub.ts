import type { Mail } from '../../store/mail.js';
import type { Scope } from '../../store/port.js';
import type { ApiLimits } from '../limits.js';
import { GatheredChanges } from './changes.js';
import { type Frame, heartbeatFrame, missedFrame, OPENING, readyFrame } from './frame.js';
import { History, type Window } from './history.js';
import { WindowFrames } from './window-frames.js';

/** Where the octets of a stream go. */
export interface EventSink {
  write(frame: Frame): void;
  /** Octets that were written and that the client has not taken yet. */
  readonly backlog: number;
  /** Ends the stream in order. */
  end(): void;
  /** Ends it at once: the client does not read. */
  drop(): void;
}

interface StreamOptions {
  readonly scope: Scope;
  /** The id of the last event that the client has seen; null for a new client. */
  readonly lastId: string | null;
  /** Names the credentials: streams with the same ones are checked together. */
  readonly credentials: string;
  /** Returns whether the credentials still allow the stream. */
  readonly isAllowed: () => Promise<boolean>;
}

interface Stream extends StreamOptions {
  readonly sink: EventSink;
}

type HubLimits = Pick<
  ApiLimits,
  'eventWindow' | 'eventChanges' | 'eventHistory' | 'eventBacklog' | 'eventHeartbeat' | 'eventCheck'
>;

interface HubOptions {
  readonly mail: Pick<Mail, 'watch'>;
  readonly limits: HubLimits;
  /** Returns the name of a domain; null if it was removed. */
  readonly nameOf: (domainId: number) => Promise<string | null>;
  /** Called for each stream that is dropped because its client does not read. */
  readonly onDropped?: () => void;
}

/**
 * Streams that get events at the rate that the limit of the window says; if there are more, the window is longer. A write
 * to a stream takes some 10 us of the event loop, whatever its length: so all streams together take 1 % of a core.
 */
const STREAMS_AT_FULL_RATE = 100;
/**
 * A window is at least so many times as long as it took to write the one before, so that this takes 1 % of the event loop
 * also if events are long, are encrypted, or the machine is busy. But no longer than this, in milliseconds.
 */
const TIMES_THE_WRITING = 100;
const LONGEST_FOR_WRITING = 1_000;
/** How long changes are recorded after the last stream has ended, in milliseconds, so that it can be resumed. */
const LINGER_MS = 5 * 60_000;

/**
 * Passes changes of messages on to streams of server-sent events.
 *
 *     store ──► gathered for a window ──► history
 *                                    └──► encoded once for each scope ──► streams of that scope
 *
 * A stream that does not take what was written to it is dropped, so the memory of each stream is bounded.
 */
export class EventHub {
  readonly #options: HubOptions;
  readonly #streams = new Set<Stream>();
  readonly #gathered: GatheredChanges;
  readonly #history: History;
  #endWatch: (() => void) | null = null;
  #window: NodeJS.Timeout | null = null;
  #timers: NodeJS.Timeout[] = [];
  #linger: NodeJS.Timeout | undefined;
  /** The number of the last window that was passed on. */
  #passed = 0;
  /** How long it took to write it to all streams, in milliseconds. */
  #writing = 0;
  /** Windows are passed on, and streams opened, one after the other: so no stream lacks a window or has one twice. */
  #turn = Promise.resolve();
  #closed = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#gathered = new GatheredChanges(options.limits.eventHistory);
    this.#history = new History(options.limits.eventHistory);
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Opens a stream, and returns the function to call when its client is gone. */
  async open(sink: EventSink, options: StreamOptions): Promise<() => void> {
    const stream = { sink, ...options };
    this.#watch();
    await this.#inTurn(async () => {
      await this.#resume(stream);
      if (this.#closed) sink.end();
      else this.#streams.add(stream);
    });
    return () => this.#remove(stream);
  }

  /** Checks the credentials of all streams, and ends those that are not allowed any more. */
  async check(): Promise<void> {
    const groups = new Map<string, Stream[]>();
    for (const stream of this.#streams) {
      const group = groups.get(stream.credentials);
      if (group === undefined) groups.set(stream.credentials, [stream]);
      else group.push(stream);
    }
    await Promise.all(
      [...groups.values()].map(async (streams) => {
        // If the store cannot say it, the streams go on until it can.
        const allowed = await streams[0]?.isAllowed().catch(() => true);
        if (allowed === false) for (const stream of streams) this.#end(stream);
      }),
    );
  }

  /** Ends all streams. No more can be opened. */
  close(): void {
    this.#closed = true;
    for (const stream of this.#streams) this.#end(stream);
    clearTimeout(this.#linger);
    this.#unwatch();
  }

  #watch(): void {
    clearTimeout(this.#linger);
    if (this.#endWatch !== null || this.#closed) return;
    const { mail, limits } = this.#options;
    this.#endWatch = mail.watch('all', {
      changed: (changes) => {
        this.#gathered.add(changes);
        this.#begin();
      },
      missed: () => {
        this.#gathered.miss();
        this.#begin();
      },
    });
    const heartbeat = setInterval(() => this.#beat(), limits.eventHeartbeat);
    const check = setInterval(() => void this.check(), limits.eventCheck);
    this.#timers = [heartbeat, check];
    for (const timer of this.#timers) timer.unref();
  }

  #unwatch(): void {
    this.#endWatch?.();
    this.#endWatch = null;
    if (this.#window !== null) clearTimeout(this.#window);
    this.#window = null;
    for (const timer of this.#timers) clearInterval(timer);
    this.#gathered.take();
    this.#history.interrupt();
    this.#passed = this.#history.number;
  }

  /** Passes what is gathered on when the window is over. */
  #begin(): void {
    if (this.#window !== null) return;
    const length = Math.max(
      this.#options.limits.eventWindow * Math.max(1, this.#streams.size / STREAMS_AT_FULL_RATE),
      Math.min(this.#writing * TIMES_THE_WRITING, LONGEST_FOR_WRITING),
    );
    this.#window = setTimeout(() => {
      this.#window = null;
      const window = this.#history.add(this.#gathered.take());
      void this.#inTurn(() => this.#pass(window));
    }, length).unref();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #pass(window: Window): Promise<void> {
    const frames = this.#framesOf(window);
    const made = new Map<number | 'all', Frame | null>();
    for (const { scope } of this.#streams) {
      const key = keyOf(scope);
      if (!made.has(key)) made.set(key, await frames.of(scope));
    }
    const began = performance.now();
    this.#passed = window.number;
    for (const stream of this.#streams) {
      const frame = made.get(keyOf(stream.scope)) ?? null;
      if (frame !== null) this.#write(stream, frame);
    }
    this.#writing = performance.now() - began;
  }

  async #resume({ scope, lastId, sink }: Stream): Promise<void> {
    sink.write(OPENING);
    const ready = readyFrame(this.#history.idOf(this.#passed));
    if (lastId !== null) for (const frame of await this.#since(scope, lastId)) sink.write(frame);
    sink.write(ready);
  }

  /** Returns the events of a scope after the one with this id, up to the last one that was passed on. */
  async #since(scope: Scope, lastId: string): Promise<readonly Frame[]> {
    const missed = [missedFrame(this.#history.idOf(this.#passed))];
    // A window that is not passed on yet comes when it is.
    const windows = this.#history.after(lastId)?.filter(({ number }) => number <= this.#passed);
    if (windows === undefined) return missed;
    const each = windows.map((window) => this.#framesOf(window));
    const size = each.reduce((sum, frames) => sum + frames.countOf(scope), 0);
    if (size > this.#options.limits.eventChanges) return missed;
    const events: Frame[] = [];
    for (const frames of each) {
      const frame = await frames.of(scope);
      if (frame !== null) events.push(frame);
    }
    return events;
  }

  #framesOf(window: Window): WindowFrames {
    const { limits, nameOf } = this.#options;
    const id = this.#history.idOf(window.number);
    return new WindowFrames(window, { id, most: limits.eventChanges, nameOf });
  }

  #beat(): void {
    if (this.#streams.size === 0) return;
    const frame = heartbeatFrame(this.#history.idOf(this.#passed));
    for (const stream of this.#streams) this.#write(stream, frame);
  }

  #write(stream: Stream, frame: Frame): void {
    if (stream.sink.backlog > this.#options.limits.eventBacklog) {
      this.#remove(stream);
      stream.sink.drop();
      this.#options.onDropped?.();
    } else stream.sink.write(frame);
  }

  #end(stream: Stream): void {
    this.#remove(stream);
    stream.sink.end();
  }

  #remove(stream: Stream): void {
    if (!this.#streams.delete(stream) || this.#streams.size > 0 || this.#closed) return;
    this.#linger = setTimeout(() => this.#unwatch(), LINGER_MS).unref();
  }
}

function keyOf(scope: Scope): number | 'all' {
  return scope === 'all' ? 'all' : scope.domainId;
}
