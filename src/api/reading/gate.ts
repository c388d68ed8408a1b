import type { Scope } from '../../store/port.js';
import { ApiError } from '../errors.js';

/** Bounds how many requests of a kind are under way, altogether and of one domain, which has a quarter of it. */
export class Gate {
  readonly #byScope = new Map<number, number>();
  #count = 0;

  constructor(private readonly most: number) {}

  /**
   * Lets a request in, and returns the function to call once when it ends.
   *
   * @throws ApiError if there are too many
   */
  enter(scope: Scope): () => void {
    const key = scope === 'all' ? 0 : scope.domainId;
    const own = this.#byScope.get(key) ?? 0;
    if (own >= this.most / 4) throw new ApiError('too_many_requests', { retryAfter: 1 });
    if (this.#count >= this.most) throw new ApiError('busy', { retryAfter: 1 });
    this.#byScope.set(key, own + 1);
    this.#count += 1;
    return () => {
      const left = (this.#byScope.get(key) ?? 1) - 1;
      if (left === 0) this.#byScope.delete(key);
      else this.#byScope.set(key, left);
      this.#count -= 1;
    };
  }
}
