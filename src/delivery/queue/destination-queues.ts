import { CircuitBreaker } from './circuit-breaker.js';
import { type Job, Lane } from './destination-queue.js';

/** The most messages that may be under way at one time. */
export interface Caps {
  readonly workers: number;
  readonly perDestination: number;
  /** The most messages of one sending domain. */
  readonly perDomain: number;
}

/** A job that may start, and the lane that it waited in. */
export interface Start<J extends Job> {
  readonly lane: Lane<J>;
  readonly job: J;
}

/**
 * Decides which job goes next. There is one lane for each destination. A free worker goes to the domain with the
 * fewest messages under way, so that a single mail never waits for many of another domain. No cap is ever exceeded.
 */
export class Lanes<J extends Job> {
  // In the order in which they were served: the first lane has waited longest.
  readonly #lanes = new Map<string, Lane<J>>();
  readonly #domains = new Map<number, number>();
  #active = 0;
  #waiting = 0;

  /** @param rest the first and the longest pause after a destination failed, in milliseconds */
  constructor(
    private readonly caps: Caps,
    private readonly rest: { readonly base: number; readonly max: number },
  ) {}

  /** Returns the lane for a destination, and makes it if it does not exist. */
  lane(key: string): Lane<J> {
    let lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, (lane = new Lane(key, new CircuitBreaker(this.rest))));
    return lane;
  }

  push(lane: Lane<J>, job: J): void {
    lane.push(job);
    this.#waiting++;
  }

  /** Removes and returns the next job that may start now. It counts as under way until {@link done}. */
  next(now: number): Start<J> | null {
    if (this.#active >= this.caps.workers || this.#waiting === 0) return null;
    const found = this.#find(now);
    const job = found?.lane.take(found.domain);
    if (found === null || job === undefined) return null;
    const { lane, domain } = found;
    lane.active++;
    this.#active++;
    this.#waiting--;
    this.#domains.set(domain, this.#activeOf(domain) + 1);
    this.#lanes.delete(lane.key);
    this.#lanes.set(lane.key, lane);
    if (lane.waiting === 0) lane.returns = 0;
    return { lane, job };
  }

  done({ lane, job }: Start<J>): void {
    lane.active--;
    this.#active--;
    const left = this.#activeOf(job.domain) - 1;
    if (left === 0) this.#domains.delete(job.domain);
    else this.#domains.set(job.domain, left);
  }

  /** Removes and returns the jobs of a lane for which `goes` returns true; by default all of them. */
  remove(lane: Lane<J>, goes: (job: J) => boolean = () => true): J[] {
    const gone = lane.remove(goes);
    this.#waiting -= gone.length;
    return gone;
  }

  /** Removes and returns the jobs of all lanes. */
  clear(): J[] {
    return [...this.#lanes.values()].flatMap((lane) => this.remove(lane));
  }

  /**
   * Returns the lanes in which more jobs wait than could start soon, with their jobs that have waited since before
   * `before`. As many jobs as may be under way at once stay in the lane.
   */
  overfull(before: number, now: number): { readonly lane: Lane<J>; readonly jobs: J[] }[] {
    return [...this.#lanes.values()].flatMap((lane) => {
      let spare = lane.waiting - lane.breaker.room(this.caps.perDestination, now);
      if (spare <= 0) return [];
      const jobs = this.remove(lane, (job) => job.since <= before && spare-- > 0);
      return jobs.length === 0 ? [] : [{ lane, jobs }];
    });
  }

  /** Removes lanes that hold nothing worth keeping. */
  sweep(now: number): void {
    for (const [key, lane] of this.#lanes) {
      if (lane.active + lane.waiting === 0 && lane.breaker.isForgettable(now)) this.#lanes.delete(key);
    }
  }

  #find(now: number): { readonly lane: Lane<J>; readonly domain: number } | null {
    const { perDestination, perDomain } = this.caps;
    const may = (domain: number): boolean => this.#activeOf(domain) < perDomain;
    let best: { readonly lane: Lane<J>; readonly domain: number } | null = null;
    let fewest = Infinity;
    for (const lane of this.#lanes.values()) {
      if (lane.waiting === 0 || lane.active >= lane.breaker.room(perDestination, now)) continue;
      const domain = lane.turn(may);
      if (domain === null) continue;
      const active = this.#activeOf(domain);
      if (active < fewest) [best, fewest] = [{ lane, domain }, active];
      if (fewest === 0) break;
    }
    return best;
  }

  #activeOf(domain: number): number {
    return this.#domains.get(domain) ?? 0;
  }
}
