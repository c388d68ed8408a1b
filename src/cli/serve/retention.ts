import type { Logger } from 'pino';
import type { Store } from '../../store/port.js';
import type { Removed, Retention } from '../../store/retention.js';

/** How long messages are kept, in milliseconds; 0 keeps them for ever. */
interface RetentionTimes {
  readonly keepContent: number;
  readonly keepMessages: number;
}

/** How often a server looks for old messages, in milliseconds. */
const EVERY_MS = 10 * 60_000;

interface RetentionTimer {
  /** Stops; resolves when the current step is done. */
  stop(): Promise<void>;
}

/** Removes everything that is old at `now`, also by the rules of domains, step by step, while `goOn` returns true. */
export async function removeOld(
  retention: Pick<Retention, 'removeOld'>,
  { keepContent, keepMessages }: RetentionTimes,
  now: number,
  goOn: () => boolean = () => true,
): Promise<Removed> {
  const total = { contents: 0, messages: 0 };
  const request = {
    now,
    contentBefore: keepContent === 0 ? null : now - keepContent,
    messagesBefore: keepMessages === 0 ? null : now - keepMessages,
  };
  while (goOn()) {
    const { contents, messages } = await retention.removeOld(request);
    if (contents === 0 && messages === 0) break;
    total.contents += contents;
    total.messages += messages;
  }
  return total;
}

/** Parts of the store whose entries expire. */
type Expiring = Pick<Store, 'sessions' | 'idempotency' | 'blockLists'>;

/** Removes sessions, idempotency keys and block list entries that have expired at `now`, while `goOn` returns true. */
export async function removeExpired(
  { sessions, idempotency, blockLists }: Expiring,
  now: number,
  goOn: () => boolean = () => true,
): Promise<void> {
  for (const part of [sessions, idempotency, blockLists]) {
    while (goOn() && (await part.removeExpired(now)) > 0);
  }
}

/**
 * Removes old messages, old content and expired entries while a server runs: at once, then again and again. The space
 * that it frees is reused.
 */
export function startRetention(
  store: { readonly retention: Pick<Retention, 'removeOld'> } & Expiring,
  keeping: RetentionTimes,
  log: Pick<Logger, 'info' | 'warn'>,
  { now = Date.now, every = EVERY_MS }: { now?: () => number; every?: number } = {},
): RetentionTimer {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const round = async (): Promise<void> => {
    try {
      await removeExpired(store, now(), () => !stopped);
      const removed = await removeOld(store.retention, keeping, now(), () => !stopped);
      if (removed.contents > 0 || removed.messages > 0) log.info(removed, 'removed what was old');
    } catch (error) {
      log.warn({ err: error }, 'cannot remove what is old; it is tried again');
    }
    if (!stopped) timer = setTimeout(begin, every).unref();
  };
  let running = Promise.resolve();
  const begin = (): void => {
    running = round();
  };
  begin();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      return running;
    },
  };
}
