// How fast the gateway delivers, to how fast it accepts: short messages into a store that keeps each before its 250,
// on to a far end that takes all, in three turns. Accepted alone; then what was accepted, delivered alone; and both
// at the same time. The gateway with all its threads has one core, Postfix's smtp-source and smtp-sink the other.
//
//   npm run -s build && node bench/delivery.mjs [messages] [rounds] [--json]
//
// Loopback only. Delivery counts as done when the outcome is written: a message that has left the queue.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { freePort, generate, processorTime, serve } from './suite/processes.mjs';
import { median } from './suite/statistics.mjs';

const POSTERN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const JSON_ONLY = process.argv.includes('--json');
const [MESSAGES = 10_000, ROUNDS = 3] = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
const SENDERS = 50;

const sinkPort = await freePort();
const sink = await serve(
  ['smtp-sink', ...(process.getuid?.() === 0 ? ['-u', 'nobody'] : []), `127.0.0.1:${sinkPort}`, '1000'],
  sinkPort,
  { farEnd: true },
);

function postern(folder, ...words) {
  execFileSync('node', [POSTERN, ...words, '--data', folder], { stdio: 'ignore', cwd: folder });
}

/** Runs the gateway over a folder while `work` goes on. */
async function gateway(folder, delivers, work) {
  const port = await freePort();
  const env = {
    POSTERN_LISTEN: `smtp://127.0.0.1:${port}?tls=off&auth=optional`,
    POSTERN_HTTP_LISTEN: 'off',
    POSTERN_SMTP_TLS_DETECT: '0',
    POSTERN_SMTP_MAX_CONNECTIONS_PER_ADDRESS: '100000',
    POSTERN_LOG_LEVEL: 'warn',
    ...(delivers ? { POSTERN_DELIVER: `smtp://127.0.0.1:${sinkPort}` } : {}),
  };
  const server = await serve(['node', POSTERN, 'serve', '--data', folder], port, {
    env,
    cwd: folder,
  });
  try {
    return await work({ port, spent: () => processorTime(server.pid) });
  } finally {
    await server.stop();
  }
}

/** Sends all messages; resolves when each has its 250. */
const load = (port) =>
  generate([
    'smtp-source',
    ...['-d', '-s', String(SENDERS), '-m', String(MESSAGES), '-l', '1000'],
    ...['-f', 'a@example.com', '-t', 'b@example.net', `127.0.0.1:${port}`],
  ]);

/** How many messages are on the queue. */
function queued(folder) {
  const database = new DatabaseSync(join(folder, 'postern.db'), { readOnly: true });
  try {
    return database.prepare('SELECT count(*) AS messages FROM queue').get().messages;
  } finally {
    database.close();
  }
}

async function untilDelivered(folder) {
  while (queued(folder) > 0) await setTimeout(50);
}

/** Messages a second, and microseconds of processor time for each. */
async function timed(spent, messages, work) {
  const [began, before] = [performance.now(), spent()];
  await work();
  const seconds = (performance.now() - began) / 1000;
  return { perSecond: messages / seconds, micros: ((spent() - before) * 1000) / messages };
}

async function round(folder) {
  postern(folder, 'domain', 'add', 'example.com');
  const accepted = await gateway(folder, false, ({ port, spent }) =>
    timed(spent, MESSAGES, () => load(port)),
  );
  postern(folder, 'release', '--all');
  const delivered = await gateway(folder, true, ({ spent }) =>
    timed(spent, queued(folder), () => untilDelivered(folder)),
  );
  const both = await gateway(folder, true, async ({ port, spent }) => {
    const beside = await timed(spent, MESSAGES, () => load(port));
    const left = queued(folder);
    const rest = await timed(spent, left, () => untilDelivered(folder));
    return { beside, share: 1 - left / MESSAGES, rest };
  });
  return { accepted, delivered, ...both };
}

const rounds = [];
try {
  for (let count = 0; count < ROUNDS; count++) {
    const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
    try {
      rounds.push(await round(folder));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    if (!JSON_ONLY) {
      const { accepted, delivered, beside, share, rest } = rounds.at(-1);
      const shown = ({ perSecond, micros }) => `${perSecond.toFixed(0)}/s (${micros.toFixed(0)} µs each)`;
      console.log(`accepted alone ${shown(accepted)}; delivered alone ${shown(delivered)}`);
      console.log(
        `accepted beside deliveries ${shown(beside)}, of which delivered meanwhile ${(share * 100).toFixed(0)} %; the rest then ${shown(rest)}`,
      );
    }
  }
} finally {
  await sink.stop();
}
const result = {
  alone: median(rounds.map(({ accepted, delivered }) => delivered.perSecond / accepted.perSecond)),
  beside: median(rounds.map(({ share }) => share)),
};
if (JSON_ONLY) console.log(JSON.stringify(result));
else
  console.log(
    `delivered to accepted: alone ${result.alone.toFixed(2)}, beside each other ${result.beside.toFixed(2)}`,
  );
