// Makes a store of many messages quickly: through the store's own port, thousands of commits under way at once, with
// a clock that runs through a year. Two shortcuts beside the port: messages are committed with the status that they
// would have in the end, and the counters of deliveries are copied from those of accepted messages by SQL.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DatabaseSync } from '@photostructure/sqlite';
import { openSqliteStore } from '../../dist/store/sqlite/index.js';
import { FOLD_AT } from '../../dist/store/sqlite/worker/counter-journal.js';
import { indexFile, partsOf, progressOf } from '../../dist/store/sqlite/search/index-file.js';

export const DOMAINS = 50;
export const TAGS = 200;
const YEAR_MS = 365 * 24 * 3_600_000;
/** Commits under way at once. */
const SENDERS = 500;

export const domainName = (number) => `d${number}.example.com`;
export const tagName = (number) => `tag-${number}`;

/** Words of subjects: the first ones are in many, the last ones in few. */
const WORDS = [
  'invoice',
  'password',
  'reset',
  'order',
  'shipped',
  'welcome',
  'receipt',
  'reminder',
  'report',
];
for (let number = 0; WORDS.length < 2000; number++) WORDS.push(`word${number}`);

/** A number from 0 to below 1 that is the same in each run. */
function pseudorandom(seed) {
  const mixed = Math.imul(seed ^ (seed >>> 16), 0x45d9f3b) >>> 0;
  return (Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 0) / 2 ** 32;
}

const wordAt = (seed) => WORDS[Math.floor(WORDS.length * pseudorandom(seed) ** 4)];

function statusOf(share) {
  if (share < 0.94) return 'delivered';
  if (share < 0.97) return 'deferred';
  if (share < 0.99) return 'bounced';
  return share < 0.995 ? 'held' : 'cancelled';
}

function messageAt(number, receivedAt) {
  const draw = (part) => pseudorandom(number * 16 + part);
  const domain = Math.floor(DOMAINS * draw(0));
  const user = Math.floor(draw(1) * 100_000);
  const subject = `${wordAt(number * 16 + 2)} ${wordAt(number * 16 + 3)} ${wordAt(number * 16 + 4)} ${number}`;
  const tags = [...new Set([5, 6].map((part) => tagName(Math.floor(TAGS * draw(part)))))];
  const from = `app@${domainName(domain)}`;
  const to = `user${user}@customer${user % 997}.example.net`;
  const messageId = `<${createHash('md5').update(String(number)).digest('hex')}@${domainName(domain)}>`;
  const content =
    `Received: from app ([192.0.2.1]) by mail.example.com with ESMTPSA id ${number}; now\r\n` +
    `From: App ${domain} <${from}>\r\nTo: User ${user} <${to}>\r\nSubject: ${subject}\r\n` +
    `Date: ${new Date(receivedAt).toUTCString()}\r\nMessage-ID: ${messageId}\r\nMIME-Version: 1.0\r\n` +
    `Content-Type: text/plain; charset=utf-8\r\nX-Mailer: App 4.2\r\nX-Customer: customer-${user}\r\n\r\n` +
    `${'Thank you for your order. '.repeat(20)}\r\n`;
  return { domain, subject, tags, from, to, messageId, content, status: statusOf(draw(7)) };
}

/** Fills an empty folder. Returns the time of the last message. */
export async function fill(directory, messages, end, progress) {
  const clock = clockBefore(end);
  const store = await openSqliteStore({ directory, exclusive: true, now: () => clock.now });
  try {
    await fillStore(store, clock, messages, end, progress);
  } finally {
    await store.close();
  }
  addDeliveries(directory);
}

/** A clock that stands at the time of the first message. */
export function clockBefore(end) {
  return { now: end - YEAR_MS };
}

/**
 * Fills an empty store through its port.
 *
 * @param clock the clock that the store was opened with: it runs through the year before `end`
 */
export async function fillStore(store, clock, messages, end, progress) {
  const domains = [];
  for (let number = 0; number < DOMAINS; number++) {
    const token = createHash('sha256').update(domainName(number)).digest();
    domains.push(await store.addDomain(domainName(number), token, clock.now));
  }
  let started = 0;
  const send = async () => {
    while (started < messages) {
      const number = started++;
      clock.now = end - YEAR_MS + Math.floor((number / messages) * YEAR_MS);
      const { domain, content, from, to, ...rest } = messageAt(number, clock.now);
      const draft = store.open();
      void draft.write(Buffer.from(content));
      await draft.commit({
        ...rest,
        domainId: domains[domain].id,
        reversePath: from,
        recipients: [{ forwardPath: to }],
        from,
        listUnsubscribe: null,
        receivedAt: clock.now,
        tls: null,
        clientAddress: '192.0.2.1',
      });
      if (number % 50_000 === 0) progress(number);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
}

/** Waits until a server has folded what it counted into the tables, and has indexed all words. */
export async function settle(directory, progress) {
  const store = await openSqliteStore({ directory, exclusive: true });
  try {
    for (let turn = 0; ; turn++) {
      const left = unsettled(directory);
      if (left.journal === 0 && left.messages === 0) return;
      if (turn % 20 === 0) progress(left);
      await setTimeout(500);
    }
  } finally {
    await store.close();
  }
}

function unsettled(directory) {
  const database = new DatabaseSync(join(directory, 'postern.db'), { readOnly: true });
  const one = (of, sql, ...values) => Object.values(of.prepare(sql).get(...values))[0];
  try {
    // While a fold is under way, and until what it has folded is removed, there is a number of tallies that are done, or rows.
    const { last, done } = database.prepare('SELECT last, done FROM counter_fold').get();
    const folding =
      done !== null || one(database, 'SELECT count(*) FROM counter_journal WHERE id <= ?', last) > 0;
    const octets = one(database, 'SELECT coalesce(sum(length(entries)), 0) FROM counter_journal');
    const journal = folding || octets > FOLD_AT.octets ? Math.max(octets, 1) : 0;
    if (!existsSync(indexFile(directory))) return { journal, messages: 1 };
    const index = new DatabaseSync(indexFile(directory), { readOnly: true, timeout: 5000 });
    try {
      const progress = progressOf(index);
      if (progress === null) return { journal, messages: 1 };
      const first = partsOf(index).at(-1)?.first ?? 0;
      const last = one(database, 'SELECT max(id) FROM search_journal');
      const below = one(database, 'SELECT count(*) FROM message WHERE id < ?', first);
      return { journal, messages: below + (last - progress.journal) };
    } finally {
      index.close();
    }
  } finally {
    database.close();
  }
}

/** As if each message had been delivered at once: by day, and for all tags together by hour. */
function addDeliveries(directory) {
  const database = new DatabaseSync(join(directory, 'postern.db'));
  const delivered = 2;
  const buckets = [12, 13, 14, 15];
  for (const measure of [delivered, ...buckets]) {
    database.exec(`
      INSERT INTO counter (domain_id, tag, unit, at, measure, count)
      SELECT domain_id, tag, unit, at, ${measure}, count FROM counter
      WHERE measure = 0 AND (unit = 1 OR tag = '') ON CONFLICT DO NOTHING`);
  }
  database.close();
}
