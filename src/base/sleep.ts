/** The longest time of Node's timers, in milliseconds: with more, or with Infinity, a timer ends at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** Resolves after that many milliseconds, or when the signal is aborted. Never rejects. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
  });
}
