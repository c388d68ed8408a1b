import type { Store } from '../store/port.js';

/** How often sessions and idempotency keys that have expired are removed, in milliseconds. */
const EVERY_MS = 10 * 60_000;

/** Removes sessions and idempotency keys that have expired, now and then, until it is stopped. */
export function removeExpired(
  store: Pick<Store, 'sessions' | 'idempotency'>,
  now: () => number,
  onFailure: (error: unknown) => void,
): { stop(): Promise<void> } {
  let running = Promise.resolve();
  let stopped = false;
  const round = async (): Promise<void> => {
    try {
      await store.sessions.removeExpired(now());
      while (!stopped && (await store.idempotency.removeExpired(now())) > 0);
    } catch (error) {
      onFailure(error);
    }
  };
  const timer = setInterval(() => {
    running = running.then(round);
  }, EVERY_MS).unref();
  return {
    stop: () => {
      stopped = true;
      clearInterval(timer);
      return running;
    },
  };
}
