// Lease and settle on PostgreSQL: how many messages a second several claimers lease and settle, with few and with many
// messages waiting. Each claimer is a process with a store of its own.
//
//   node bench/queue.mjs postgres://user@host/database [--claimers 3] [--seconds 10] [--waiting 1000,1000000]
//
// The database must be one that may be thrown away: the bench makes its schema and fills it.
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { openPostgresStore } from '../dist/store/postgres/index.js';

const DOMAINS = 100;
const BATCH = 100;
const PER_DOMAIN = 50;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    claimers: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    waiting: { type: 'string', default: '1000,1000000' },
  },
});

/** Puts messages onto the queue by SQL, since accepting them is not what is measured. */
const FILL = `
  WITH new AS (
    SELECT $1::int8 + n AS id, domains.id AS domain_id, -(n % 3) AS rank, $2::int8 - n AS due
    FROM generate_series(0, $3::int8 - 1) AS n
      JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM domain) AS domains
        ON domains.place = 1 + n % ${DOMAINS}),
  messages AS (
    INSERT INTO message (id, domain_id, status, size, received_at, reverse_path, header_from, client_address,
      priority, require_tls, smtputf8)
    SELECT id, domain_id, 'queued', 1024, due, 'a@example.com', 'a@example.com', '192.0.2.1', -rank, 0, 0 FROM new),
  recipients AS (
    INSERT INTO recipient (message_id, position, forward_path, status, next_attempt_at)
    SELECT id, 0, 'b' || id % 1000 || '@d' || id % 50 || '.example', 'queued', due FROM new)
  INSERT INTO queue (message_id, domain_id, rank, due_at) SELECT id, domain_id, rank, due FROM new`;

/** Leases and settles until the time is over, and puts as many messages back onto the queue. */
async function claim(url, seconds, first) {
  const store = await openPostgresStore({ url });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let next = first;
  let settled = 0;
  let alone = 0;
  const takes = [];
  const before = process.cpuUsage();
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    const now = Date.now();
    const request = { now, until: now + 60_000, limit: BATCH, perDomain: PER_DOMAIN, contentOctets: 16_384 };
    const leases = await store.queue.lease(request);
    takes.push(performance.now() - start);
    const attempt = { at: now, outcome: 'delivered', remoteHost: 'mx.example', reply: '250 ok', tls: null };
    const settlement = { position: 0, attempt, nextAttemptAt: null, report: null, block: false };
    await Promise.all(leases.map((lease) => store.queue.settle(lease, [settlement], true)));
    alone += performance.now() - start;
    settled += leases.length;
    await client.query({ name: 'fill', text: FILL, values: [next, Date.now(), leases.length] });
    next += leases.length;
  }
  const { user, system } = process.cpuUsage(before);
  await store.close();
  await client.end();
  takes.sort((a, b) => a - b);
  const [p50, p99] = [0.5, 0.99].map((part) => takes[Math.floor(takes.length * part)]);
  return { settled, alone: settled / (alone / 1000), p50, p99, cpu: user + system };
}

async function measure(url, waiting, claimers, seconds) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const tables = 'message, recipient, queue, attempt, counter_delta, tag, chunk, webhook_event, owed_report';
  await client.query(`TRUNCATE ${tables}`);
  for (let filled = 0; filled < waiting; filled += 50_000) {
    await client.query(FILL, [1 + filled, Date.now(), Math.min(50_000, waiting - filled)]);
  }
  await client.query('VACUUM ANALYZE');
  await client.end();
  const results = await Promise.all(
    Array.from({ length: claimers }, (_, claimer) => {
      const child = fork(import.meta.filename, [
        'claimer',
        url,
        String(seconds),
        String((claimer + 1) * 1e9),
      ]);
      return new Promise((resolve, reject) => {
        child.once('message', resolve);
        child.once('exit', (code) => code !== 0 && reject(new Error(`a claimer ended with ${code}`)));
      });
    }),
  );
  const sum = (of) => results.reduce((total, result) => total + of(result), 0);
  return {
    waiting,
    'cycles/s': Math.round(sum(({ settled }) => settled) / seconds),
    'lease and settle/s': Math.round(sum(({ alone }) => alone)),
    'claimer CPU us/message': Math.round(sum(({ cpu }) => cpu) / sum(({ settled }) => settled)),
    'lease p50 ms': Number(Math.max(...results.map(({ p50 }) => p50)).toFixed(1)),
    'lease p99 ms': Number(Math.max(...results.map(({ p99 }) => p99)).toFixed(1)),
  };
}

if (positionals[0] === 'claimer') {
  const [, url, seconds, first] = positionals;
  process.send(await claim(url, Number(seconds), Number(first)));
  process.disconnect();
} else {
  const [url] = positionals;
  const store = await openPostgresStore({ url });
  for (let domain = 0; domain < DOMAINS; domain++) {
    await store.addDomain(`d${domain}.example`, Buffer.alloc(32, `token ${domain}`), Date.now());
  }
  await store.close();
  const rows = [];
  for (const waiting of values.waiting.split(',').map(Number)) {
    rows.push(await measure(url, waiting, Number(values.claimers), Number(values.seconds)));
  }
  console.table(rows);
}
