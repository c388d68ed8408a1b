import { Health } from './circuit-breaker.js';
import { type Job, Lane } from './lane.js';

/** How many messages may be under way at one time. */
export interface Caps {
  readonly workers: number;
  readonly perDestination: number;
  /** Of one sending domain. */
  readonly perDomain: number;
}

/** A job that may start, and where it stood. */
export interface Start<J extends Job> {
  readonly lane: Lane<J>;
  readonly job: J;
}

/**
 * Who goes next. A lane to each destination; a free worker goes to the domain that has the fewest messages under
 * way, so that a single mail never stands behind a flood. No cap is ever exceeded.
 */
export class Lanes<J extends Job> {
  // In the order in which they were served: the first has waited longest.
  readonly #lanes = new Map<string, Lane<J>>();
  readonly #domains = new Map<number, number>();
  #active = 0;
  #waiting = 0;

  /** @param rest how long a destination that failed is left alone, at first and at the most, in milliseconds */
  constructor(
    private readonly caps: Caps,
    private readonly rest: { readonly base: number; readonly max: number },
  ) {}

  /** The lane to a destination, made where there is none. */
  lane(key: string): Lane<J> {
    let lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, (lane = new Lane(key, new Health(this.rest))));
    return lane;
  }

  push(lane: Lane<J>, job: J): void {
    lane.push(job);
    this.#waiting++;
  }

  /** Takes the next job that may start now, and counts it as under way until {@link done}. */
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

  /** Takes what waits in a lane, or all of it that `goes`. */
  remove(lane: Lane<J>, goes: (job: J) => boolean = () => true): J[] {
    const gone = lane.remove(goes);
    this.#waiting -= gone.length;
    return gone;
  }

  /** Takes all that waits anywhere. */
  clear(): J[] {
    return [...this.#lanes.values()].flatMap((lane) => this.remove(lane));
  }

  /**
   * Lanes in which more waits than could start soon, with what has waited since before `before` there; as much
   * as may be under way at once is left to wait.
   */
  overfull(before: number, now: number): { readonly lane: Lane<J>; readonly jobs: J[] }[] {
    return [...this.#lanes.values()].flatMap((lane) => {
      let spare = lane.waiting - lane.health.room(this.caps.perDestination, now);
      if (spare <= 0) return [];
      const jobs = this.remove(lane, (job) => job.since <= before && spare-- > 0);
      return jobs.length === 0 ? [] : [{ lane, jobs }];
    });
  }

  /** Forgets lanes of which there is nothing to remember. */
  sweep(now: number): void {
    for (const [key, lane] of this.#lanes) {
      if (lane.active + lane.waiting === 0 && lane.health.isUnremarkable(now)) this.#lanes.delete(key);
    }
  }

  #find(now: number): { readonly lane: Lane<J>; readonly domain: number } | null {
    const { perDestination, perDomain } = this.caps;
    const may = (domain: number): boolean => this.#activeOf(domain) < perDomain;
    let best: { readonly lane: Lane<J>; readonly domain: number } | null = null;
    let fewest = Infinity;
    for (const lane of this.#lanes.values()) {
      if (lane.waiting === 0 || lane.active >= lane.health.room(perDestination, now)) continue;
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
