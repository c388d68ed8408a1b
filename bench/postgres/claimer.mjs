// One claimer of the queue's benchmark, as a process: it leases and settles, and puts as many messages back onto the queue.
//
//   node claimer.mjs URL SECONDS FIRST-ID
import pg from 'pg';
import { openPostgresStore } from '../../dist/store/postgres/index.js';
import { ownTime } from '../suite/processes.mjs';

export const DOMAINS = 100;
const BATCH = 100;
const PER_DOMAIN = 50;

/** Puts messages onto the queue by SQL, since accepting them is not what is measured. */
export const FILL = `
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

/** Leases and settles until the time is over. */
async function claim(url, seconds, first) {
  const store = await openPostgresStore({ url });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  let next = first;
  let settled = 0;
  let alone = 0;
  const takes = [];
  const filling = ownTime(rows[0].pid);
  let own = 0;
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    const before = process.cpuUsage();
    const now = Date.now();
    const request = { now, until: now + 60_000, limit: BATCH, perDomain: PER_DOMAIN, contentOctets: 16_384 };
    const leases = await store.queue.lease(request);
    takes.push(performance.now() - start);
    const attempt = { at: now, outcome: 'delivered', remoteHost: 'mx.example', reply: '250 ok', tls: null };
    const settlement = { position: 0, attempt, nextAttemptAt: null, report: null, block: false };
    await Promise.all(leases.map((lease) => store.queue.settle(lease, [settlement], true)));
    const { user, system } = process.cpuUsage(before);
    own += user + system;
    alone += performance.now() - start;
    settled += leases.length;
    await client.query({ name: 'fill', text: FILL, values: [next, Date.now(), leases.length] });
    next += leases.length;
  }
  const filled = filling === null ? null : ownTime(rows[0].pid) - filling;
  await store.close();
  await client.end();
  return { settled, alone: settled / (alone / 1000), takes, own: own / 1000, filled };
}

if (process.argv[1] === import.meta.filename) {
  const [, , url, seconds, first] = process.argv;
  process.send(await claim(url, Number(seconds), Number(first)));
  process.disconnect();
}
