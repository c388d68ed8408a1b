/** Signals that come closer together than this are one, in milliseconds. */
const SAME_SIGNAL_MS = 1_000;

/**
 * Resolves on the first SIGTERM or SIGINT. A later one ends the process at once, as Node would: whoever asks
 * twice means it, and what was acknowledged is on the disk.
 *
 * A terminal sends Ctrl-C to npm and to the program that npm runs, and npm sends it on: that is one wish.
 *
 * @param over ends the watch, where no signal came
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
