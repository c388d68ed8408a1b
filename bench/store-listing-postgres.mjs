// How long pages of the list, searches and statistics take in a store on PostgreSQL: the questions of store-listing.mjs, on
// the same messages. The processor time is that of this process alone, without the server's.
//
//   npm run -s build && node bench/store-listing-postgres.mjs URL [messages] [--repeats N] [--only WORD] [--json]
//
// The database is filled if it is empty, and kept. By default 20,000 messages; 1000000 takes many minutes.
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { collectPage } from '../dist/api/reading/pages.js';
import { openPostgresStore } from '../dist/store/postgres/index.js';
import { clockBefore, DOMAINS, domainName, fillStore, TAGS, tagName } from './listing/fill.mjs';
import { measureAll } from './listing/measure.mjs';
import { questionsOf } from './listing/questions.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { repeats: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean' } },
});
const [url, messages = '20000'] = positionals;
if (url === undefined) throw new Error('give the URL of a database');
const MESSAGES = Number(messages);
const REPEATS = Number(values.repeats ?? 40);
const END = Date.UTC(2026, 10, 1);
const DAY = 24 * 3_600_000;
/** The first millisecond of ids, as `src/store/intake/ids.ts` has it. */
const EPOCH = Date.UTC(2025, 0, 1);
const say = values.json ? () => undefined : (text) => console.log(text);

async function ask(sql) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/**
 * Gives messages the ids that they would have if they had come in over a year. While the store is filled its ids stay behind
 * the clock, since a node may only give out those that it has reserved, for some seconds.
 */
async function spreadIds() {
  const hour = 3_600_000 * 4096;
  await ask(`
    BEGIN;
    -- No node indexes words or folds counters meanwhile.
    SELECT pg_advisory_xact_lock(1347638350, 3), pg_advisory_xact_lock(1347638350, 1);
    CREATE TEMP TABLE moved AS SELECT id AS old, (received_at - ${EPOCH}) * 4096 + id % 4096 AS id FROM message;
    CREATE UNIQUE INDEX ON moved (old);
    ANALYZE moved;
    -- After a year there is a partition of content for each day.
    DO $$ BEGIN
      FOR day IN ${Math.floor(END / DAY) - 365} .. ${Math.floor(END / DAY)} LOOP
        EXECUTE format('CREATE TABLE IF NOT EXISTS chunk_%s PARTITION OF chunk FOR VALUES FROM (%s) TO (%s)',
          day, (day * ${DAY}::int8 - ${EPOCH}) * 4096, ((day + 1) * ${DAY}::int8 - ${EPOCH}) * 4096);
      END LOOP;
    END $$;
    UPDATE message SET id = moved.id FROM moved WHERE message.id = moved.old;
    ${['recipient', 'tag', 'chunk']
      .map((table) => `UPDATE ${table} SET message_id = moved.id FROM moved WHERE message_id = moved.old`)
      .join('; ')};
    TRUNCATE search_document, search_journal, search_block, time_span, late_message;
    INSERT INTO search_block VALUES (0, 0, 0);
    INSERT INTO search_journal SELECT min(id), array_agg(id) FROM moved GROUP BY id / ${hour};
    INSERT INTO time_span SELECT DISTINCT id / ${hour}, 0, 1 FROM moved;
    COMMIT`);
}

/** Waits until what was counted is folded, and all words are indexed. */
async function settled() {
  for (let turn = 0; ; turn++) {
    const [left] = await ask(`SELECT (SELECT count(*) FROM counter_delta) AS deltas,
      (SELECT coalesce(sum(cardinality(messages)), 0) FROM search_journal) AS messages`);
    if (Number(left.deltas) + Number(left.messages) === 0) return;
    if (turn % 20 === 0)
      say(`${left.deltas} transactions to be folded, ${left.messages} messages to be indexed`);
    await setTimeout(500);
  }
}

const clock = clockBefore(END);
const store = await openPostgresStore({ url, now: () => clock.now });
try {
  if (await store.isEmpty()) {
    const began = performance.now();
    await fillStore(store, clock, MESSAGES, END, (number) => say(`${number} of ${MESSAGES} messages`));
    await spreadIds();
    say(`filled in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  await settled();
  await ask('VACUUM ANALYZE');
  const collect = (filter, before, limit = 50) =>
    collectPage(store.mail, 'all', { filter, limit, ...(before === undefined ? {} : { before }) }, 2000);
  const all = questionsOf({ collect, messages: MESSAGES, end: END, domainName, tagName, DOMAINS, TAGS });
  const rows = await measureAll(store, all, { repeats: REPEATS, only: values.only, say });
  if (values.json) console.log(JSON.stringify({ messages: MESSAGES, repeats: REPEATS, rows }));
} finally {
  await store.close();
}
