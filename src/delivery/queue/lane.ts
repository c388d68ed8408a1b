import type { Health } from './circuit-breaker.js';

/** What stands in a lane. */
export interface Job {
  /** {@link Domain.id} of the sending domain. */
  readonly domain: number;
  /** When it began to wait, in milliseconds since the epoch. */
  readonly since: number;
}

/**
 * What waits for one destination. Sending domains take turns, whatever each has waiting; within one, what came
 * first goes first.
 */
export class Lane<J extends Job> {
  /** Under way. */
  active = 0;
  /** How often jobs were given back for want of room, since there was some. */
  returns = 0;
  #waiting = 0;
  // A map keeps the order in which its keys were set: the first is the domain whose turn it is.
  readonly #domains = new Map<number, J[]>();

  constructor(
    readonly key: string,
    readonly health: Health,
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

  /** The domain whose turn it is among those that `may` go, or null. */
  turn(may: (domain: number) => boolean): number | null {
    for (const domain of this.#domains.keys()) if (may(domain)) return domain;
    return null;
  }

  /** Takes the first job of a domain, which then goes to the end of the row. */
  take(domain: number): J | undefined {
    const jobs = this.#domains.get(domain);
    const job = jobs?.shift();
    if (jobs === undefined || job === undefined) return undefined;
    this.#waiting--;
    this.#domains.delete(domain);
    if (jobs.length > 0) this.#domains.set(domain, jobs);
    return job;
  }

  /** Takes all jobs that `go`. */
  remove(go: (job: J) => boolean): J[] {
    const gone: J[] = [];
    for (const [domain, jobs] of [...this.#domains]) {
      const left = jobs.filter((job) => {
        const goes = go(job);
        if (goes) gone.push(job);
        return !goes;
      });
      if (left.length === 0) this.#domains.delete(domain);
      // Setting a key that is there keeps its place.
      else this.#domains.set(domain, left);
    }
    this.#waiting -= gone.length;
    return gone;
  }
}
