import type { Logger } from 'pino';
import type { Removed, Retention } from '../../store/retention.js';

/** How long messages are kept, in milliseconds; 0 keeps them for ever. */
export interface Keeping {
  readonly keepContent: number;
  readonly keepMessages: number;
}

/** How often a server looks for old messages, in milliseconds. */
const EVERY_MS = 10 * 60_000;

export interface Tidying {
  /** Stops; resolves when the current step is done. */
  stop(): Promise<void>;
}

/** Removes everything that is old at `now`, step by step, as long as `goOn` returns true. */
export async function removeOld(
  retention: Pick<Retention, 'removeOld'>,
  { keepContent, keepMessages }: Keeping,
  now: number,
  goOn: () => boolean = () => true,
): Promise<Removed> {
  const total = { contents: 0, messages: 0 };
  if (keepContent === 0 && keepMessages === 0) return total;
  const request = {
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

/**
 * Removes old messages and content while a server runs: at once, then again and again. The space that it frees is
 * reused.
 */
export function keepTidy(
  retention: Pick<Retention, 'removeOld'>,
  keeping: Keeping,
  log: Pick<Logger, 'info' | 'warn'>,
  { now = Date.now, every = EVERY_MS }: { now?: () => number; every?: number } = {},
): Tidying {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const round = async (): Promise<void> => {
    try {
      const removed = await removeOld(retention, keeping, now(), () => !stopped);
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
  if (keeping.keepContent > 0 || keeping.keepMessages > 0) begin();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      return running;
    },
  };
}
