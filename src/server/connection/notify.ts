import { isPromise } from '../platform/promise.js';

/**
 * Tells a handler something. What it throws then is nobody's verdict, and must not end the process: at once, or by
 * the promise of a method that was written `async`. It becomes a warning of the process.
 */
export function told(call: () => unknown): void {
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
