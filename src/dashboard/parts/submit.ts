import { useSignal } from '@preact/signals';
import { problemOf } from '../api/refusal.js';

interface Submit {
  readonly busy: boolean;
  /** What went wrong the last time, for people; null if nothing did. */
  readonly problem: string | null;
  /** Runs a request unless one is under way. Resolves to whether it succeeded. */
  readonly run: (request: () => Promise<void>) => Promise<boolean>;
}

/** Runs the requests of a form or a button, one at a time. */
export function useSubmit(): Submit {
  const busy = useSignal(false);
  const problem = useSignal<string | null>(null);
  return {
    busy: busy.value,
    problem: problem.value,
    run: async (request) => {
      if (busy.peek()) return false;
      busy.value = true;
      problem.value = null;
      try {
        await request();
        return true;
      } catch (error) {
        problem.value = problemOf(error);
        return false;
      } finally {
        busy.value = false;
      }
    },
  };
}
