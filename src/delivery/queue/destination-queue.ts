import type { CircuitBreaker } from './circuit-breaker.js';

/** An entry that waits for a destination. */
export interface Job {
  /** {@link Domain.id} of the sending domain. */
  readonly domain: number;
  /** When it began to wait, in milliseconds since the epoch. */
  readonly since: number;
}

/**
 * The jobs that wait for one destination. Sending domains take turns, however much of each waits. Within a domain, the
 * job that came first goes first.
 */
export class DestinationQueue<J extends Job> {
  /** Number of jobs under way. */
  active = 0;
  /** How often jobs were given back because there was no room, since there last was room. */
  returns = 0;
  #waiting = 0;
  // A map keeps the order in which its keys were set: the first key is the domain whose turn it is.
  readonly #domains = new Map<number, J[]>();

  constructor(
    readonly key: string,
    readonly breaker: CircuitBreaker,
  ) {}

  get waiting(): number {
    return this.#waiting;
  }

  push(job: J): void {
    const jobs = this.#domains.get(job.domain);
    if (jobs === undefined) this.#domains.set(job.domain, [job]);
    else jobs.push(job);
    this.#waiting++;
  }

  /** Returns the domain whose turn it is, of those for which `may` returns true; else null. */
  turn(may: (domain: number) => boolean): number | null {
    for (const domain of this.#domains.keys()) if (may(domain)) return domain;
    return null;
  }

  /** Removes and returns the first job of a domain. The domain then goes to the end of the order. */
  take(domain: number): J | undefined {
    const jobs = this.#domains.get(domain);
    const job = jobs?.shift();
    if (jobs === undefined || job === undefined) return undefined;
    this.#waiting--;
    this.#domains.delete(domain);
    if (jobs.length > 0) this.#domains.set(domain, jobs);
    return job;
  }

  /** Returns jobs that are next, in about their order: `count` of them, and up to one more for each domain. */
  ahead(count: number): J[] {
    const each = Math.ceil(count / Math.max(1, this.#domains.size));
    return [...this.#domains.values()].flatMap((jobs) => jobs.slice(0, each));
  }

  /** Removes and returns all jobs for which `go` returns true. */
  remove(go: (job: J) => boolean): J[] {
    const gone: J[] = [];
    for (const [domain, jobs] of [...this.#domains]) {
      const left = jobs.filter((job) => {
        const goes = go(job);
        if (goes) gone.push(job);
        return !goes;
      });
      if (left.length === 0) this.#domains.delete(domain);
      // Setting a key that exists keeps its place.
      else this.#domains.set(domain, left);
    }
    this.#waiting -= gone.length;
    return gone;
  }
}
