/** Checks what must hold after everything has failed and come back. */
import { expect } from 'vitest';
import { allFactsOf, destinationOf, factsOf, isNotification } from '../../src/store/counting.js';
import type { AttemptOutcome } from '../../src/store/queue.js';
import { DAY, floor, HOUR } from '../../src/store/time.js';
import type { Offered } from './load.js';
import { type Arrived, COLLECT_MS, NOBODY, type World } from './world.js';

interface MessageRow {
  readonly id: string;
  readonly subject: string;
  readonly domain_id: number;
  readonly status: string;
  readonly reverse_path: string;
  readonly received_at: string;
  readonly release_at: string | null;
  readonly size: string;
}

interface AttemptRow {
  readonly message_id: string;
  readonly forward_path: string;
  readonly status: string;
  /** Outcomes and times, in the order of the attempts. */
  readonly outcomes: readonly AttemptOutcome[];
  readonly times: readonly number[];
}

/** Figures of a run, to be added up. */
export interface Figures {
  readonly acknowledged: number;
  readonly lost: number;
  readonly refused: number;
  readonly refusedButStored: number;
  readonly unknown: number;
  readonly recipients: number;
  readonly bounced: number;
  readonly reports: number;
  readonly reportsTwice: number;
  /** Recipients that got a message again, always beside the death of the node that sent it before. */
  readonly sentAgain: number;
  readonly events: number;
  readonly eventsAgain: number;
  /** Messages of which an event was reported after a later one. */
  readonly messagesOutOfOrder: number;
}

const GROUP = `array_agg(attempt.outcome ORDER BY number) FILTER (WHERE number IS NOT NULL)`;
const ATTEMPTS = `
  SELECT recipient.message_id, forward_path, recipient.status, coalesce(${GROUP}, '{}') AS outcomes,
    coalesce(array_agg(attempt.at::float8 ORDER BY number) FILTER (WHERE number IS NOT NULL), '{}') AS times
  FROM recipient LEFT JOIN attempt USING (message_id, position) GROUP BY message_id, recipient.position`;

/** Checks every promise, and returns the figures. */
export async function checkPromises(world: World, offered: readonly Offered[]): Promise<Figures> {
  const messages = (await world.sql('SELECT * FROM message')) as unknown as MessageRow[];
  const recipients = (await world.sql(ATTEMPTS)) as unknown as AttemptRow[];
  const mail = checkMail(messages, recipients, offered, world.arrived);
  const sentAgain = checkSentAgain(world);
  const reports = await checkReports(world, messages, recipients);
  const events = checkEvents(world, messages, recipients);
  await checkCounters(world, messages, recipients);
  await checkLeftovers(world);
  return { ...mail, ...reports, sentAgain, ...events };
}

/** What was acknowledged is stored once and arrived whole; what was refused is not stored; all statuses are final. */
function checkMail(
  messages: readonly MessageRow[],
  recipients: readonly AttemptRow[],
  offered: readonly Offered[],
  arrived: readonly Arrived[],
) {
  const own = messages.filter((row) => !isNotification(row.reverse_path));
  const stored = new Map(own.map((row) => [row.subject, row]));
  expect(stored.size, 'each message is stored once').toBe(own.length);
  const of = groupBy(recipients, (row) => row.message_id);
  const came = new Map(
    arrived
      .filter((each) => !each.isNotification)
      .map((each) => [`${each.key} ${each.recipient}`, each.bodyHash]),
  );
  const accepted = offered.filter(({ outcome }) => outcome === 'accepted');
  const lost = accepted.filter(({ key, id }) => stored.get(key)?.id !== id);
  expect(lost, 'what was acknowledged is stored').toEqual([]);
  const offeredByKey = new Map(offered.map((each) => [each.key, each]));
  for (const { id, subject } of own) {
    const { bodyHash, recipients: wanted = [] } = offeredByKey.get(subject) ?? {};
    const rows = of.get(id) ?? [];
    expect(rows.map((row) => row.forward_path).sort(), 'it has its recipients').toEqual([...wanted].sort());
    for (const { forward_path: to, status, outcomes } of rows) {
      expect(status, 'each recipient has its final status').toBe(to === NOBODY ? 'bounced' : 'delivered');
      expect(outcomes.at(-1), 'the last attempt is the final one').toBe(status);
      if (to !== NOBODY) expect(came.get(`${subject} ${to}`), 'it arrived whole').toBe(bodyHash);
    }
  }
  const refused = offered.filter(({ outcome }) => outcome === 'refused');
  const refusedButStored = refused.filter(({ key }) => stored.has(key));
  expect(refusedButStored, 'what was refused is not stored').toEqual([]);
  return {
    acknowledged: accepted.length,
    lost: lost.length,
    refused: refused.length,
    refusedButStored: refusedButStored.length,
    unknown: offered.filter(({ outcome }) => outcome === 'unknown').length,
    recipients: recipients.length,
    bounced: recipients.filter(({ status }) => status === 'bounced').length,
  };
}

/** Nothing that was confirmed is sent again, but what a node had under way when it died. */
function checkSentAgain({ arrived, deaths }: World): number {
  const groups = groupBy(
    arrived,
    ({ key, isNotification, recipient }) => `${key} ${isNotification} ${recipient}`,
  );
  let again = 0;
  const wrong: unknown[] = [];
  for (const group of groups.values()) {
    again += group.length - 1;
    for (const { node, at, key, recipient } of group.slice(0, -1)) {
      const diedAt = deaths.get(node);
      if (diedAt === undefined || diedAt < at - 2 * COLLECT_MS)
        wrong.push({ key, recipient, node, at, diedAt });
    }
  }
  expect(wrong, 'sent again though the node that had sent it lived on').toEqual([]);
  return again;
}

/** Each message that a recipient did not get brought its sender one notification. */
async function checkReports(
  world: World,
  messages: readonly MessageRow[],
  recipients: readonly AttemptRow[],
) {
  const byId = new Map(messages.map((row) => [row.id, row]));
  const failed = new Set(
    recipients
      .filter(({ status }) => status === 'bounced')
      .map(({ message_id: id }) => byId.get(id)?.subject ?? ''),
  );
  const rows = await world.sql(
    `SELECT substring(convert_from(octets, 'LATIN1') FROM '(?i)In-Reply-To: <([^@]+)@') AS key
      FROM message JOIN chunk ON message_id = id AND sequence = 0 WHERE reverse_path = ''`,
  );
  const keys = rows.map(({ key }) => String(key));
  expect(new Set(keys).size, 'no notification is stored twice').toBe(keys.length);
  expect(keys.sort(), 'each failure is reported').toEqual([...failed].sort());
  const came = new Set(world.arrived.filter((each) => each.isNotification).map(({ key }) => key));
  expect([...came].sort(), 'each report is delivered').toEqual([...failed].sort());
  return { reports: keys.length, reportsTwice: keys.length - new Set(keys).size };
}

/** Every event of every message was reported, and none that did not happen. */
function checkEvents(
  { hooks: { reported } }: World,
  messages: readonly MessageRow[],
  recipients: readonly AttemptRow[],
) {
  const events = new Map(reported.map((each) => [each.event, each]));
  const heard = new Map<string, number>();
  const add = (counts: Map<string, number>, key: string): void =>
    void counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const { name, message, recipients: to } of events.values()) {
    if (name === 'queued') add(heard, `${message} queued`);
    else for (const address of to) add(heard, `${message} ${name} ${address}`);
  }
  const happened = new Map<string, number>();
  const own = new Set(messages.filter((row) => !isNotification(row.reverse_path)).map(({ id }) => id));
  for (const id of own) add(happened, `${id} queued`);
  for (const { message_id: id, forward_path: to, outcomes } of recipients) {
    if (own.has(id)) for (const outcome of outcomes) add(happened, `${id} ${outcome} ${to}`);
  }
  const ofNotifications = [...heard.keys()].filter((key) => !own.has(key.split(' ')[0] ?? ''));
  for (const key of ofNotifications) heard.delete(key);
  const differ = [...new Set([...heard.keys(), ...happened.keys()])]
    .filter((key) => heard.get(key) !== happened.get(key))
    .map((key) => ({ key, reported: heard.get(key), happened: happened.get(key) }));
  expect(differ, 'each event is reported').toEqual([]);
  // In the order in which each was reported first.
  const order = groupBy(events.values(), ({ message }) => message);
  const outOfOrder = [...order.values()].filter((group) =>
    group.some(({ event }, at) => at > 0 && event < (group[at - 1]?.event ?? 0)),
  );
  return {
    events: events.size,
    eventsAgain: reported.length - events.size,
    messagesOutOfOrder: outOfOrder.length,
  };
}

/** The counters equal a recount of what is stored. */
async function checkCounters(
  world: World,
  messages: readonly MessageRow[],
  recipients: readonly AttemptRow[],
): Promise<void> {
  const wanted = new Map<string, number>();
  const add = (key: string, count: number): void => void wanted.set(key, (wanted.get(key) ?? 0) + count);
  const of = groupBy(recipients, (row) => row.message_id);
  for (const { id, domain_id: domain, reverse_path: from, ...row } of messages) {
    add(`gauge ${domain} ${row.status}`, 1);
    add(`gauge ${domain} octets`, Number(row.size));
    if (isNotification(from)) continue;
    const times = { receivedAt: Number(row.received_at), releaseAt: null };
    const tried = (of.get(id) ?? []).map(({ forward_path: to, outcomes, times: at }) => ({
      to,
      attempts: outcomes.map((outcome, n) => ({ outcome, at: at[n] ?? 0 })),
    }));
    const all = tried.flatMap(({ attempts }) => attempts);
    for (const { measure, at, count } of allFactsOf(times, tried.length, all)) {
      for (const owner of [domain, 0]) {
        add(`counter ${owner} 0 ${floor(at, HOUR)} ${measure}`, count);
        add(`counter ${owner} 1 ${floor(at, DAY)} ${measure}`, count);
      }
    }
    for (const { to, attempts } of tried) {
      for (const { measure, at, count } of attempts.flatMap((attempt) => factsOf(attempt, times))) {
        for (const owner of [domain, 0]) {
          add(`destination ${owner} ${floor(at, DAY)} ${destinationOf(to)} ${measure}`, count);
        }
      }
    }
  }
  const rows = await world.sql(`
    SELECT concat_ws(' ', 'counter', domain_id, unit, at, measure) AS key, count FROM counter WHERE tag = ''
    UNION ALL SELECT concat_ws(' ', 'destination', domain_id, day, destination, measure), count FROM destination_counter
    UNION ALL SELECT concat_ws(' ', 'gauge', domain_id, name), value FROM gauge`);
  const counted = new Map(
    rows.map(({ key, count }) => [String(key), Number(count)] as const).filter(([, count]) => count !== 0),
  );
  const differ = [...new Set([...counted.keys(), ...wanted.keys()])]
    .filter((key) => counted.get(key) !== wanted.get(key))
    .map((key) => ({ key, counted: counted.get(key), recount: wanted.get(key) }));
  expect(differ, 'the counters equal a recount').toEqual([]);
}

/** No lease, no upload, and no content without its message is left. */
async function checkLeftovers(world: World): Promise<void> {
  const [left] = await world.sql(`
    SELECT (SELECT count(*)::int FROM queue) AS queue, (SELECT count(*)::int FROM webhook_event) AS events,
      (SELECT count(*)::int FROM upload) AS uploads, (SELECT count(*)::int FROM owed_report) AS reports,
      (SELECT count(*)::int FROM chunk WHERE NOT EXISTS (SELECT 1 FROM message WHERE id = message_id)) AS chunks,
      (SELECT count(*)::int FROM webhook WHERE off_since IS NOT NULL) AS off`);
  expect(left).toEqual({ queue: 0, events: 0, uploads: 0, reports: 0, chunks: 0, off: 0 });
}

function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
