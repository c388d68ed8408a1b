import { Recent } from '../base/bounded-map.js';
import { ApiError } from './errors.js';

const MINUTE = 60_000;
/** Keys that are remembered; the one used longest ago is forgotten first. */
const MOST_KEYS = 10_000;

/** So many requests a minute for each key: the generic cell rate algorithm, as `src/submission/rate.ts` has it. */
export class KeyedRate {
  readonly #fullAgain = new Recent<string, number>(MOST_KEYS);

  constructor(
    private readonly perMinute: number,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** Counts a request. @throws ApiError with the seconds to wait if there were too many. */
  take(key: string): void {
    const now = this.clock();
    const fullAgain = Math.max(this.#fullAgain.get(key) ?? now, now) + MINUTE / this.perMinute;
    const wait = fullAgain - now - MINUTE;
    if (wait > 0.001) throw new ApiError('too_many_requests', { retryAfter: wait / 1000 });
    this.#fullAgain.set(key, fullAgain);
  }
}
