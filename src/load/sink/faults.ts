import { randomFrom } from '../generator/random.js';
import type { SinkPlan } from './plan.js';

/** What happens to a message after its content is complete. */
export type Fault = 'accept' | 'tempfail' | 'permfail' | 'disconnect';

/**
 * Returns a function that chooses the fate of each message, by the shares of the plan. The same seed gives the same
 * choices.
 */
export function faults(
  { tempfail, permfail, disconnect, seed }: Pick<SinkPlan, 'tempfail' | 'permfail' | 'disconnect' | 'seed'>,
  thread: number,
): () => Fault {
  if (tempfail + permfail + disconnect === 0) return () => 'accept';
  const random = randomFrom(seed + thread);
  return () => {
    const drawn = random();
    if (drawn < tempfail) return 'tempfail';
    if (drawn < tempfail + permfail) return 'permfail';
    return drawn < tempfail + permfail + disconnect ? 'disconnect' : 'accept';
  };
}
