import type { Mail, MessageRecord, Page } from '../../store/mail.js';
import type { Queue, Waiting } from '../../store/queue.js';
import type { Scope } from '../../store/scope.js';
import { type Failure, Failures } from './failing.js';

/** Mail that was accepted, and of which nothing has been delivered since. Times are milliseconds since the epoch. */
interface Stall {
  /**
   * `waiting`: it waits, although it was due. `held`: no route is configured, so it is held. `refused`: remote servers
   * refuse it.
   */
  readonly cause: 'waiting' | 'held' | 'refused';
  /** When the message came in that shows it. */
  readonly since: number;
  /** The outcome of the last attempt for that message; null if it was not tried. */
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
  /** Whether any route delivers to the servers of the recipients. */
  readonly direct: boolean;
  readonly now: number;
  /** How long mail may wait before that is a stall, in milliseconds. */
  readonly stallTime: number;
}

/** The newest messages of each status that are read for the time of the last delivery. */
const NEWEST = 5;
/** Messages that are searched for some that wait, page by page. */
const PAGE = 100;
const PAGES = 5;
/** The newest refused messages that are read: several may be to one address. */
const REFUSED = 10;

/**
 * Compares the mail that failed with the last delivery: if mail came in after it, has waited for long or was refused, and
 * its failures are not those of single recipients ({@link Failures}), then none gets out. Mail from before the last
 * delivery does not show that.
 *
 * The work is bounded, however many messages there are.
 */
export async function progressOf(
  { mail, queue }: { readonly mail: Mail; readonly queue: Queue },
  query: ProgressQuery,
): Promise<Progress> {
  const { scope, domain, now, stallTime, delivers } = query;
  const where = domain === null ? {} : { domains: [domain] };
  const find = async (
    limit: number,
    filter: Parameters<Mail['page']>[1]['filter'],
  ): Promise<Page['messages']> =>
    (await mail.page(scope, { filter: { ...filter, ...where }, limit })).messages;
  // Notifications of this server are left out: they may get out while the mail of apps does not.
  const read = async (limit: number, filter: Parameters<typeof find>[1]): Promise<MessageRecord[]> => {
    const found = await find(limit, { ...filter, notifications: false });
    const records = await Promise.all(found.map(({ id }) => mail.message(scope, id)));
    return records.filter((record) => record !== null);
  };
  const lastDelivery = await findLastDelivery();
  const came = {
    ...(lastDelivery === null ? {} : { since: lastDelivery + 1 }),
    until: now - stallTime,
  };
  return { lastDelivery, stall: (await findHeld()) ?? (await findFailures()) };

  async function findLastDelivery(): Promise<number | null> {
    const statuses = ['delivered', 'bounced', 'deferred'] as const;
    const records = await Promise.all(statuses.map((status) => read(NEWEST, { statuses: [status] })));
    const times = records
      .flat()
      .flatMap(({ recipients }) => recipients)
      .flatMap(({ attempts }) => attempts.filter(({ outcome }) => outcome === 'delivered'))
      .map(({ at }) => at);
    return times.length === 0 ? null : Math.max(...times);
  }

  async function findHeld(): Promise<Stall | null> {
    const [held] = delivers ? [] : await find(1, { ...came, statuses: ['held'] });
    return held === undefined ? null : { cause: 'held', since: held.receivedAt, reply: null };
  }

  async function findFailures(): Promise<Stall | null> {
    const failures = new Failures(query.direct);
    let waiting: Failure | null = null;
    for await (const failure of waitingMail()) {
      waiting ??= failure;
      // What was not tried says most.
      if (failures.add(failure)) return stallOf('waiting', failure.attempt === null ? failure : waiting);
    }
    const refused = await refusedMail();
    const oldest = refused.at(-1);
    if (oldest === undefined || !refused.some((failure) => failures.add(failure))) return null;
    return waiting === null ? stallOf('refused', oldest) : stallOf('waiting', waiting);
  }

  /** Yields recipients that wait, oldest message first. */
  async function* waitingMail(): AsyncGenerator<Failure> {
    let after = 0;
    if (lastDelivery !== null) after = (await find(1, { until: lastDelivery + 1 }))[0]?.id ?? 0;
    for (let page = 0; page < PAGES; page += 1) {
      const waiting = await queue.waiting({ ...(domain === null ? {} : { domain }), after, limit: PAGE });
      for (const one of waiting) {
        const { forwardPath, receivedAt, lastAttempt } = one;
        if (hasWaited(one, now - stallTime)) yield { forwardPath, since: receivedAt, attempt: lastAttempt };
      }
      const last = waiting.at(-1);
      if (last === undefined) break;
      after = last.id;
    }
  }

  /** Returns recipients whose mail was refused, newest message first. */
  async function refusedMail(): Promise<Failure[]> {
    const records = await read(REFUSED, { ...came, statuses: ['bounced'] });
    return records.flatMap(({ receivedAt, recipients }) =>
      recipients.flatMap(({ forwardPath, status, attempts }) => {
        const attempt = attempts.at(-1);
        return status !== 'bounced' || attempt === undefined
          ? []
          : [{ forwardPath, since: receivedAt, attempt }];
      }),
    );
  }
}

function stallOf(cause: Stall['cause'], { since, attempt }: Failure): Stall {
  return { cause, since, reply: attempt?.reply ?? null };
}

/**
 * Whether mail has waited since before this time. If it was not tried, it counts from when it was due, and not while
 * its first attempt is under way.
 */
function hasWaited({ attempts, receivedAt, nextAttemptAt, leased }: Waiting, before: number): boolean {
  return attempts > 0 ? receivedAt <= before : !leased && nextAttemptAt <= before;
}
