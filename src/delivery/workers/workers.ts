import { DELIVERY } from '../limits.js';
import type { JobName, Jobs } from './jobs.js';
import type { JobResult } from './sink.js';
import { MemoryBudget } from './memory-budget.js';
import { ContentThread, type ThreadLimits } from './thread.js';
import type { JobRequest } from './wire.js';

export interface ContentWorkersOptions extends Partial<ThreadLimits> {
  /** The most threads at one time. */
  readonly threads?: number;
  /** The most octets of messages that are held at one time. */
  readonly budget?: number;
  /** The most messages that are held at one time. */
  readonly messages?: number;
}

/** Thrown if a job was not done because the server stops. It says nothing about the message. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  constructor() {
    super('the server is stopping');
  }
}

/** A job that waits for a thread. */
interface Waiting {
  readonly tenant: number;
  /** Starts the job on this thread, and resolves when the thread is free again. */
  readonly start: (thread: ContentThread) => Promise<void>;
  readonly fail: (error: Error) => void;
}

/** Milliseconds after which a thread without a job ends. */
const IDLE = 30_000;
/** Octets that are copied in one step, so that the event loop can run in between. */
const PIECE = 256 * 1024;

/**
 * The worker threads that parse messages, and the one budget of memory for that. The https transport and webhooks
 * share both. Tenants take turns. Nothing starts before the first job.
 */
export class ContentWorkers {
  /** Must be held as long as a message, or what was made of it, is in memory. */
  readonly memory: MemoryBudget;
  readonly #limits: ThreadLimits;
  readonly #most: number;
  readonly #threads = new Set<ContentThread>();
  readonly #idle: ContentThread[] = [];
  #waiting: Waiting[] = [];
  readonly #stopping = new AbortController();
  #lastTenant = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(options: ContentWorkersOptions = {}) {
    const { contentThreads, contentTime, contentHeap, contentRoom, contentMessages } = DELIVERY;
    const { time = contentTime.initial, heap = contentHeap.initial } = options;
    this.#limits = { time, heap };
    this.#most = options.threads ?? contentThreads.initial;
    this.memory = new MemoryBudget(
      options.budget ?? contentRoom.initial,
      options.messages ?? contentMessages.initial,
    );
  }

  /**
   * Runs a job over the content of a message.
   *
   * @param signal aborted if the result is not needed any longer: the job ends at once, and its thread too
   * @throws Unreadable if the message cannot be parsed within the limits
   * @throws Stopped
   */
  async run<Name extends JobName>(
    tenant: number,
    name: Name,
    facts: Jobs[Name]['facts'],
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<JobResult<Jobs[Name]['value']>> {
    const pieces = await copied(content);
    if (signal.aborted || this.#stopping.signal.aborted) throw new Stopped();
    return this.#queued(tenant, { name, facts, content: pieces }, signal);
  }

  /** Ends all threads at once. Their jobs fail. */
  close(): void {
    this.#stopping.abort();
    clearTimeout(this.#idleTimer);
    for (const { fail } of this.#waiting.splice(0)) fail(new Stopped());
    for (const thread of this.#threads) thread.end(new Stopped());
    this.#threads.clear();
    this.#idle.length = 0;
  }

  #queued<Name extends JobName>(
    tenant: number,
    order: JobRequest<Name>,
    signal: AbortSignal,
  ): Promise<JobResult<Jobs[Name]['value']>> {
    return new Promise((resolve, reject) => {
      let under: ContentThread | null = null;
      const stop = (): void => {
        this.#waiting = this.#waiting.filter((each) => each !== waiting);
        if (under === null) waiting.fail(new Stopped());
        else under.end(new Stopped());
      };
      const waiting: Waiting = {
        tenant,
        start: async (thread) => {
          under = thread;
          try {
            resolve(await thread.run(order));
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          } finally {
            signal.removeEventListener('abort', stop);
          }
        },
        fail: (error) => {
          signal.removeEventListener('abort', stop);
          reject(error);
        },
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.push(waiting);
      this.#start();
    });
  }

  #start(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#freeThread();
      if (thread === null) return;
      const next = this.#next();
      void next.start(thread).then(() => {
        if (thread.ended) this.#threads.delete(thread);
        else this.#idle.push(thread);
        this.#start();
      });
    }
    this.#restLater();
  }

  #freeThread(): ContentThread | null {
    let free = this.#idle.pop();
    while (free?.ended === true) {
      this.#threads.delete(free);
      free = this.#idle.pop();
    }
    if (free !== undefined) return free;
    if (this.#threads.size >= this.#most) return null;
    const thread = new ContentThread(this.#limits);
    this.#threads.add(thread);
    return thread;
  }

  /** Returns the oldest job of the tenant that follows the last one, in the order of their numbers. */
  #next(): Waiting {
    const tenants = this.#waiting.map(({ tenant }) => tenant);
    const after = tenants.filter((tenant) => tenant > this.#lastTenant);
    this.#lastTenant = Math.min(...(after.length > 0 ? after : tenants));
    const index = tenants.indexOf(this.#lastTenant);
    return this.#waiting.splice(index, 1)[0] as Waiting;
  }

  #restLater(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => {
      for (const thread of this.#idle.splice(0)) {
        this.#threads.delete(thread);
        thread.end(new Stopped());
      }
    }, IDLE);
    this.#idleTimer.unref();
  }
}

/** Copies content into buffers of its own, which can be moved to a thread. The caller may reuse the pieces. */
async function copied(content: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) {
    for (let at = 0; at < piece.length; at += PIECE) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      // A copy into a plain Uint8Array: a Buffer may be a view of a pool.
      pieces.push(new Uint8Array(piece.subarray(at, at + PIECE)));
    }
  }
  return pieces;
}
