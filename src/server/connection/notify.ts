import { isPromise } from '../platform/promise.js';

/**
 * Calls a notification method of the handler and ignores its result. If it throws, or if its promise rejects, emits a
 * process warning.
 */
export function notify(call: () => unknown): void {
  try {
    const result = call();
    if (isPromise(result)) Promise.resolve(result).catch(warn);
  } catch (error) {
    warn(error);
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
