/**
 * Resolves on the first SIGTERM or SIGINT. A second one ends the process at once, as Node would: whoever
 * asks twice means it, and what was acknowledged is on the disk.
 */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      process.off('SIGTERM', stop);
      process.off('SIGINT', stop);
      resolve(signal);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
