import { randomFrom } from '../generator/random.js';
import type { SinkPlan } from './plan.js';

/** What becomes of a message that came whole. */
export type Fate = 'accept' | 'tempfail' | 'permfail' | 'disconnect';

/** Chooses what becomes of one message after the other: by the shares of the plan, the same for the same seed. */
export function fates(
  { tempfail, permfail, disconnect, seed }: Pick<SinkPlan, 'tempfail' | 'permfail' | 'disconnect' | 'seed'>,
  thread: number,
): () => Fate {
  if (tempfail + permfail + disconnect === 0) return () => 'accept';
  const random = randomFrom(seed + thread);
  return () => {
    const drawn = random();
    if (drawn < tempfail) return 'tempfail';
    if (drawn < tempfail + permfail) return 'permfail';
    return drawn < tempfail + permfail + disconnect ? 'disconnect' : 'accept';
  };
}
