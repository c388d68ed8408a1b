/** The rates of a store that one process uses. */
import type { RateKind, Rates } from './rates.js';
import { MINUTE } from './time.js';

/** Returns milliseconds of a clock that never goes back. */
type Clock = () => number;

/**
 * The generic cell rate algorithm (ITU-T I.371 annex A), a token bucket with one number per key: the time at which the
 * bucket is full again. Keys are domains, of which there are as many as the operator made.
 */
export class LocalRates implements Rates {
  readonly #fullAgain = { messages: new Map<number, number>(), recipients: new Map<number, number>() };

  constructor(private readonly clock: Clock = () => performance.now()) {}

  take(kind: RateKind, domainId: number, perMinute: number): number {
    const times = this.#fullAgain[kind];
    const now = this.clock();
    const fullAgain = Math.max(times.get(domainId) ?? now, now) + MINUTE / perMinute;
    const wait = fullAgain - now - MINUTE;
    // A smaller wait is only the rounding of fractions.
    if (wait > 0.001) return wait;
    times.set(domainId, fullAgain);
    return 0;
  }
}
