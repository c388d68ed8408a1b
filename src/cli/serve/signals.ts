/** Milliseconds within which two signals count as one. */
const SAME_SIGNAL_MS = 1_000;

/**
 * Resolves on the first SIGTERM or SIGINT. A later one ends the process at once, as Node would: the second signal is
 * meant, and acknowledged mail is on the disk.
 *
 * A terminal sends Ctrl-C to npm and to the program that npm runs, and npm sends it on: that counts as one signal.
 *
 * @param over ends the watch if no signal came
 */
export function stopSignal(over?: AbortSignal): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const forget = (): void => {
      process.off('SIGTERM', stop);
      process.off('SIGINT', stop);
    };
    const stop = (signal: NodeJS.Signals): void => {
      setTimeout(forget, SAME_SIGNAL_MS).unref();
      resolve(signal);
    };
    over?.addEventListener('abort', forget, { once: true });
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
