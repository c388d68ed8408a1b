import { type ClientTimeouts, DEFAULT_CLIENT_TIMEOUTS } from './limits.js';
import type { Shared } from './shared.js';

/** How long the server has for the present step, and for the present message. Times are counted in sweeps. */
export class StepDeadline {
  readonly #timeouts: ClientTimeouts;
  /** The sweep at which the last step was made. */
  #began: number;
  /** Number of sweeps that the present step may take. */
  #limit: number;
  /** The sweep at which the present message has taken too long. */
  #until = Infinity;

  /** @param timeout milliseconds for each step; if it is given, the times by phase are not used. */
  constructor(
    private readonly shared: Shared,
    timeout: number | undefined,
    timeouts: ClientTimeouts = DEFAULT_CLIENT_TIMEOUTS,
  ) {
    this.#timeouts =
      timeout === undefined
        ? timeouts
        : { connect: timeout, greeting: timeout, command: timeout, end: timeout };
    this.#limit = this.#sweeps('connect');
    this.#began = shared.tick;
  }

  /** Sets how long the server has from now on for each step. */
  allow(step: keyof ClientTimeouts): void {
    this.#limit = this.#sweeps(step);
  }

  /** Begins a step. */
  restart(): void {
    this.#began = this.shared.tick;
  }

  /** Sets how many milliseconds the present message may take from now on. Null removes the limit. */
  limitTo(milliseconds: number | null): void {
    this.#until =
      milliseconds === null
        ? Infinity
        : this.shared.tick + Math.ceil(milliseconds / this.shared.resolution) + 1;
  }

  /** Whether the present message has taken too long. */
  get messageOverdue(): boolean {
    return this.shared.tick >= this.#until;
  }

  /** Whether the present step has taken too long. */
  get stepOverdue(): boolean {
    return this.shared.tick - this.#began >= this.#limit;
  }

  /** The time of the present step, in seconds. */
  get seconds(): number {
    return ((this.#limit - 1) * this.shared.resolution) / 1000;
  }

  /** Returns the time of a step in sweeps. One sweep is added because the present one may be about to end. */
  #sweeps(step: keyof ClientTimeouts): number {
    return Math.ceil(this.#timeouts[step] / this.shared.resolution) + 1;
  }
}
