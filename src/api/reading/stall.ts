import type { Mail, MessageRecord, Page } from '../../store/mail.js';
import type { Queue, Waiting } from '../../store/queue.js';
import type { Scope } from '../../store/scope.js';
import type { Status } from '../../store/message.js';

/** Mail that was accepted, and of which nothing has been delivered since. Times are milliseconds since the epoch. */
export interface Stall {
  /**
   * `waiting`: it waits, although it was due. `held`: no route is configured, so it is held. `refused`: remote servers
   * refuse it.
   */
  readonly cause: 'waiting' | 'held' | 'refused';
  /** When the message came in that shows it. */
  readonly since: number;
  /** What the last attempt for that message came to; null if it was not tried. */
  readonly reply: string | null;
}

export interface Progress {
  /** When a recipient was delivered last, as far as the newest messages show; null if no one was. */
  readonly lastDelivery: number | null;
  /** Null if mail gets out, or if no mail has waited for long. */
  readonly stall: Stall | null;
}

interface ProgressQuery {
  readonly scope: Scope;
  /** Name of one sending domain; null: all of the scope. */
  readonly domain: string | null;
  /** Whether any route delivers. */
  readonly delivers: boolean;
  readonly now: number;
  /** How long mail may wait before that is a stall, in milliseconds. */
  readonly stallTime: number;
}

/** The newest messages of each status, without notifications, that are read for the time of the last delivery. */
const NEWEST = 5;
/** Messages of each status among which they are looked for. */
const LOOKED_AT = 50;
/** Messages that are searched for one that waits, page by page. */
const PAGE = 100;
const PAGES = 5;
/** Messages that are refused in a row before that is no chance any more, such as addresses with a typing error. */
const REFUSED = 3;

/**
 * Compares the mail that waits with the last delivery: mail that came in after it and has waited for long shows that
 * none gets out. Mail from before it does not: one mailbox that is full for days is no fault of this server.
 *
 * The work is bounded, however many messages there are.
 */
export async function progressOf(
  { mail, queue }: { readonly mail: Mail; readonly queue: Queue },
  query: ProgressQuery,
): Promise<Progress> {
  const { scope, domain, now, stallTime, delivers } = query;
  const find = async (
    limit: number,
    filter: Parameters<Mail['page']>[1]['filter'],
  ): Promise<Page['messages']> => {
    const where = domain === null ? {} : { domains: [domain] };
    return (await mail.page(scope, { filter: { ...filter, ...where }, limit })).messages;
  };
  const lastDelivery = await findLastDelivery();
  const came = {
    ...(lastDelivery === null ? {} : { since: lastDelivery + 1 }),
    until: now - stallTime,
  };
  return { lastDelivery, stall: (await findWaiting()) ?? (await findHeld()) ?? (await findRefused()) };

  /** Notifications of this server are left out: they may get out while the mail of apps does not. */
  async function findLastDelivery(): Promise<number | null> {
    const statuses: readonly Status[] = ['delivered', 'bounced', 'deferred'];
    const records = await Promise.all(statuses.map((status) => newest(status)));
    const times = records
      .flat()
      .flatMap(({ recipients }) => recipients)
      .flatMap(({ attempts }) => attempts.filter(({ outcome }) => outcome === 'delivered'))
      .map(({ at }) => at);
    return times.length === 0 ? null : Math.max(...times);
  }

  async function newest(status: Status): Promise<MessageRecord[]> {
    const records: MessageRecord[] = [];
    for (const { id } of await find(LOOKED_AT, { statuses: [status] })) {
      if (records.length === NEWEST) break;
      const record = await mail.message(scope, id);
      if (record !== null && record.reversePath !== '') records.push(record);
    }
    return records;
  }

  async function findWaiting(): Promise<Stall | null> {
    let after = 0;
    if (lastDelivery !== null) after = (await find(1, { until: lastDelivery + 1 }))[0]?.id ?? 0;
    for (let page = 0; page < PAGES; page += 1) {
      const waiting = await queue.waiting({ ...(domain === null ? {} : { domain }), after, limit: PAGE });
      const first = waiting.find((one) => hasWaited(one, now - stallTime));
      if (first !== undefined) {
        return { cause: 'waiting', since: first.receivedAt, reply: first.lastAttempt?.reply ?? null };
      }
      const last = waiting.at(-1);
      if (last === undefined) break;
      after = last.id;
    }
    return null;
  }

  async function findHeld(): Promise<Stall | null> {
    const [held] = delivers ? [] : await find(1, { ...came, statuses: ['held'] });
    return held === undefined ? null : { cause: 'held', since: held.receivedAt, reply: null };
  }

  async function findRefused(): Promise<Stall | null> {
    const refused = await find(REFUSED, { ...came, statuses: ['bounced'] });
    const oldest = refused.at(-1);
    if (oldest === undefined || refused.length < REFUSED) return null;
    const record = await mail.message(scope, oldest.id);
    const reply = record?.recipients.flatMap(({ attempts }) => attempts).at(-1)?.reply ?? null;
    return { cause: 'refused', since: oldest.receivedAt, reply };
  }
}

/** Whether mail was due before this time. A message that its sender held back is due when it is released. */
function hasWaited({ attempts, receivedAt, nextAttemptAt }: Waiting, before: number): boolean {
  return (attempts > 0 ? receivedAt : nextAttemptAt) <= before;
}
