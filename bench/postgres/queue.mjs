// Lease and settle on PostgreSQL: how many messages a second several claimers lease and settle, with few and with many
// messages waiting, and with a snapshot held open elsewhere. Each claimer is a process with a store of its own.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { openPostgresStore } from '../../dist/store/postgres/index.js';
import { processorTime } from '../suite/processes.mjs';
import { percentile } from '../suite/statistics.mjs';
import { DOMAINS, FILL } from './claimer.mjs';

const CLAIMER = fileURLToPath(new URL('claimer.mjs', import.meta.url));
const TABLES = 'message, recipient, queue, attempt, counter_delta, tag, chunk, webhook_event, owed_report';

/** Makes the schema and the domains in an empty database. */
export async function prepareQueue(url) {
  const store = await openPostgresStore({ url });
  for (let domain = 0; domain < DOMAINS; domain++) {
    await store.addDomain(`d${domain}.example`, Buffer.alloc(32, `token ${domain}`), Date.now());
  }
  await store.close();
}

export async function fillQueue(url, waiting) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`TRUNCATE ${TABLES}`);
  for (let filled = 0; filled < waiting; filled += 50_000) {
    await client.query(FILL, [1 + filled, Date.now(), Math.min(50_000, waiting - filled)]);
  }
  await client.query('VACUUM ANALYZE');
  await client.query('CHECKPOINT');
  await client.end();
}

let batches = 0;

/** @param server process id of the database's server */
export async function measureQueue({ url, server, claimers, seconds }) {
  const before = processorTime(server);
  const results = await Promise.all(
    Array.from({ length: claimers }, () => {
      const child = fork(CLAIMER, [url, String(seconds), String(++batches * 1e9)]);
      return new Promise((resolve, reject) => {
        child.once('message', resolve);
        child.once('exit', (code) => code !== 0 && reject(new Error(`a claimer ended with ${code}`)));
      });
    }),
  );
  const sum = (of) => results.reduce((total, result) => total + of(result), 0);
  const settled = sum((result) => result.settled);
  const takes = results.flatMap((result) => result.takes);
  const micros = (milliseconds) => (milliseconds * 1000) / settled;
  const serverTime = before === null ? null : processorTime(server) - before - sum(({ filled }) => filled);
  return {
    rate: settled / seconds,
    alone: sum((result) => result.alone),
    clientMicros: micros(sum((result) => result.own)),
    serverMicros: serverTime === null ? null : micros(serverTime),
    p50: percentile(takes, 0.5),
    p99: percentile(takes, 0.99),
  };
}

/** Opens a snapshot as a dump would, and keeps it. Returns a function that ends it. */
export async function holdSnapshot(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM domain');
  return () => client.end();
}
