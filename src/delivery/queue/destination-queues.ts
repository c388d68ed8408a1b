import { CircuitBreaker } from './circuit-breaker.js';
import { type Job, DestinationQueue } from './destination-queue.js';

/** The most messages that may be under way at one time. They may change: each decision reads them anew. */
export interface Caps {
  readonly workers: number;
  readonly perDestination: number;
  /** The most messages of one sending domain. */
  readonly perDomain: number;
}

/** A job that may start, and the queue that it waited in. */
export interface Start<J extends Job> {
  readonly queue: DestinationQueue<J>;
  readonly job: J;
}

/**
 * Decides which job goes next. There is one queue for each destination. A free worker goes to the domain with the
 * fewest messages under way, so that a single mail never waits for many of another domain. No cap is ever exceeded.
 */
export class DestinationQueues<J extends Job> {
  // In the order in which they were served: the first queue has waited longest.
  readonly #queues = new Map<string, DestinationQueue<J>>();
  readonly #domains = new Map<number, number>();
  #active = 0;
  #waiting = 0;

  /** @param rest the first and the longest pause after a destination failed, in milliseconds */
  constructor(
    private readonly caps: Caps,
    private readonly rest: { readonly base: number; readonly max: number },
  ) {}

  /** Returns the queue for a destination, and makes it if it does not exist. */
  queueOf(key: string): DestinationQueue<J> {
    let queue = this.#queues.get(key);
    if (queue === undefined)
      this.#queues.set(key, (queue = new DestinationQueue(key, new CircuitBreaker(this.rest))));
    return queue;
  }

  push(queue: DestinationQueue<J>, job: J): void {
    queue.push(job);
    this.#waiting++;
  }

  /** Removes and returns the next job that may start now. It counts as under way until {@link done}. */
  next(now: number): Start<J> | null {
    if (this.#active >= this.caps.workers || this.#waiting === 0) return null;
    const found = this.#find(now);
    const job = found?.queue.take(found.domain);
    if (found === null || job === undefined) return null;
    const { queue, domain } = found;
    queue.active++;
    this.#active++;
    this.#waiting--;
    this.#domains.set(domain, this.#activeOf(domain) + 1);
    this.#queues.delete(queue.key);
    this.#queues.set(queue.key, queue);
    if (queue.waiting === 0) queue.returns = 0;
    return { queue, job };
  }

  done({ queue, job }: Start<J>): void {
    queue.active--;
    this.#active--;
    const left = this.#activeOf(job.domain) - 1;
    if (left === 0) this.#domains.delete(job.domain);
    else this.#domains.set(job.domain, left);
  }

  /** Removes and returns the jobs of a queue for which `goes` returns true; by default all of them. */
  remove(queue: DestinationQueue<J>, goes: (job: J) => boolean = () => true): J[] {
    const gone = queue.remove(goes);
    this.#waiting -= gone.length;
    return gone;
  }

  /** Removes and returns the jobs of all queues for which `goes` returns true; by default all of them. */
  clear(goes?: (job: J) => boolean): J[] {
    return [...this.#queues.values()].flatMap((queue) => this.remove(queue, goes));
  }

  /**
   * Returns the queues in which more jobs wait than could start soon, with their jobs that have waited since before
   * `before`. As many jobs as may be under way at once stay in the queue.
   */
  overfull(before: number, now: number): { readonly queue: DestinationQueue<J>; readonly jobs: J[] }[] {
    return [...this.#queues.values()].flatMap((queue) => {
      let spare = queue.waiting - queue.breaker.room(this.caps.perDestination, now);
      if (spare <= 0) return [];
      const jobs = this.remove(queue, (job) => job.since <= before && spare-- > 0);
      return jobs.length === 0 ? [] : [{ queue, jobs }];
    });
  }

  /** Removes queues that hold nothing worth keeping. */
  sweep(now: number): void {
    for (const [key, queue] of this.#queues) {
      if (queue.active + queue.waiting === 0 && queue.breaker.isForgettable(now)) this.#queues.delete(key);
    }
  }

  #find(now: number): { readonly queue: DestinationQueue<J>; readonly domain: number } | null {
    const { perDestination, perDomain } = this.caps;
    const may = (domain: number): boolean => this.#activeOf(domain) < perDomain;
    let best: { readonly queue: DestinationQueue<J>; readonly domain: number } | null = null;
    let fewest = Infinity;
    for (const queue of this.#queues.values()) {
      if (queue.waiting === 0 || queue.active >= queue.breaker.room(perDestination, now)) continue;
      const domain = queue.turn(may);
      if (domain === null) continue;
      const active = this.#activeOf(domain);
      if (active < fewest) [best, fewest] = [{ queue, domain }, active];
      if (fewest === 0) break;
    }
    return best;
  }

  #activeOf(domain: number): number {
    return this.#domains.get(domain) ?? 0;
  }
}
