/** Calls of hooks in callback style. */

/** How a hook has answered. */
export interface Answered<Result> {
  readonly error: Error | null;
  readonly result: Result | undefined;
}

/**
 * Calls a hook and waits for its callback. Further calls of the callback have no effect. If the hook throws, or returns a
 * promise that rejects, the result rejects: that is a bug of the hook, and no answer.
 */
export function answerOf<Result>(
  hook: (callback: (error?: Error | null, result?: Result) => void) => unknown,
): Promise<Answered<Result>> {
  return new Promise((resolve, reject) => {
    const returned = hook((error, result) => {
      resolve({ error: error ?? null, result });
    });
    // An async function: its rejection is an error as one that is thrown.
    if (returned instanceof Promise) returned.catch(reject);
  });
}
