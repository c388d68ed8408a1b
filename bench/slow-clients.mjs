// What slow clients do to honest ones: messages a second of a few honest connections, alone and beside 2,000
// connections that send one octet per ten seconds, in turns. Three processes: the server, on a core of its own where
// that can be had, slow clients, honest ones.
//
//   npm run -s build && node bench/slow-clients.mjs [slow connections] [rounds] [seconds] [--json]
//
// Loopback only.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pinned } from './suite/processes.mjs';
import { median } from './suite/statistics.mjs';

const HONEST = 20;
const BODY = `From: a@example.com\r\nSubject: x\r\n\r\n${'0123456789abcdef0123456789abcdef0123456789abcdef\r\n'.repeat(200)}.\r\n`;
const ENVELOPE = 'MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n';

/** What each slow client says at once before it turns slow, and what it then sends the octets of. */
const HABITS = [
  ['', 'EHLO client.example'],
  ['EHLO client.example\r\n', `MAIL FROM:<${'a'.repeat(60)}@example.com>`],
  ['EHLO client.example\r\n', `AUTH PLAIN ${'A'.repeat(1000)}`],
  [`EHLO client.example\r\nAUTH PLAIN AGEAYQ==\r\n${ENVELOPE}`, BODY],
];

function openSlow(port, index) {
  const [first, then] = HABITS[index % HABITS.length];
  const socket = connect({ port, host: `127.0.0.${2 + (index % 4)}`, noDelay: true });
  socket.on('error', () => undefined);
  return new Promise((resolve) => {
    let sent = 0;
    socket.once('data', () => {
      socket.resume();
      if (first !== '') socket.write(first);
      // Spread over the ten seconds.
      const start = Math.floor(((index * 7919) % 1000) * 10);
      const begin = globalThis.setTimeout(() => {
        const timer = setInterval(() => socket.write(then[sent++ % then.length]), 10_000);
        socket.on('close', () => clearInterval(timer));
      }, start);
      socket.on('close', () => clearTimeout(begin));
      resolve(socket);
    });
  });
}

async function slowClients() {
  let sockets = [];
  process.on('message', async ({ port, count }) => {
    for (const socket of sockets.splice(0)) socket.destroy();
    while (sockets.length < count) {
      const batch = Array.from({ length: Math.min(100, count - sockets.length) }, (_, n) =>
        openSlow(port, sockets.length + n),
      );
      sockets = [...sockets, ...(await Promise.all(batch))];
    }
    process.send?.({ open: sockets.filter((socket) => !socket.destroyed).length });
  });
}

/** One honest client until the time is over; gives the messages that it got through. */
function honest(port, until) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let messages = 0;
    let text = '';
    let step = 0;
    const steps = [
      [/^220 .*\r\n$/s, 'EHLO honest.example\r\n'],
      [/^250 .*\r\n$/ms, 'AUTH PLAIN AGEAYQ==\r\n'],
      [/^235 .*\r\n$/s, ENVELOPE],
      [/^250 .*^250 .*^354 .*\r\n$/ms, BODY],
      [/^250 .*\r\n$/s, ENVELOPE],
    ];
    socket.on('error', reject);
    socket.on('data', (octets) => {
      text += octets.toString('latin1');
      const [reply, next] = steps[step];
      if (!reply.test(text)) {
        if (/^[45]\d\d /m.test(text)) reject(new Error(`refused: ${text}`));
        return;
      }
      text = '';
      if (step === 4) messages++;
      if (step === 4 && performance.now() >= until) {
        socket.destroy();
        resolve(messages);
        return;
      }
      socket.write(next);
      step = step === 4 ? 3 : step + 1;
    });
  });
}

/** Messages a second, and the server's own time for one of them in microseconds, which other work on the machine disturbs less. */
async function measure(port, server, seconds) {
  const cpu = async () => {
    server.send({});
    const [{ cpu }] = await once(server, 'message');
    return cpu.user + cpu.system;
  };
  const before = await cpu();
  const began = performance.now();
  const counts = await Promise.all(
    Array.from({ length: HONEST }, () => honest(port, began + seconds * 1000)),
  );
  const took = (performance.now() - began) / 1000;
  const messages = counts.reduce((sum, count) => sum + count, 0);
  return { goodput: messages / took, cost: ((await cpu()) - before) / messages };
}

const SERVER_CORE = 0;
const CLIENTS_CORE = 1;

/** Options of a process that stays on one core. */
function on(core) {
  return pinned ? { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath] } : {};
}

async function main() {
  if (pinned) execFileSync('taskset', ['-cp', String(CLIENTS_CORE), String(process.pid)]);
  const json = process.argv.includes('--json');
  const [slow = 2_000, rounds = 4, seconds = 4] = process.argv
    .slice(2)
    .filter((word) => word !== '--json')
    .map(Number);
  const server = fork(
    fileURLToPath(new URL('./idle-server.mjs', import.meta.url)),
    ['gateway'],
    on(SERVER_CORE),
  );
  const [{ port }] = await once(server, 'message');
  const others = fork(fileURLToPath(import.meta.url), {
    env: { ...process.env, ROLE: 'slow' },
    ...on(CLIENTS_CORE),
  });
  const set = async (count) => {
    others.send({ port, count });
    const [{ open }] = await once(others, 'message');
    if (open !== count) throw new Error(`${open} of ${count} slow clients are connected`);
    await setTimeout(500);
  };
  await measure(port, server, seconds);
  const alone = [];
  const beside = [];
  for (let round = 0; round < rounds; round++) {
    await set(0);
    alone.push(await measure(port, server, seconds));
    await set(slow);
    beside.push(await measure(port, server, seconds));
    const show = ({ goodput, cost }) => `${goodput.toFixed(0)}/s at ${cost.toFixed(0)} µs`;
    if (!json) console.log(`alone ${show(alone.at(-1))}, beside ${slow} slow ones ${show(beside.at(-1))}`);
  }
  // Of the pairs, not of all runs: what slows the machine for a while slows both of a pair.
  const ratio = (name) => median(beside.map((run, round) => run[name] / alone[round][name]));
  const [goodput, cost] = [ratio('goodput'), ratio('cost')];
  console.log(
    json
      ? JSON.stringify({ slow, rounds, goodput, cost })
      : `medians of the pairs, beside to alone: goodput ${goodput.toFixed(3)}, server time a message ${cost.toFixed(3)}`,
  );
  others.kill();
  server.kill();
}

await (process.env.ROLE === 'slow' ? slowClients() : main());
if (process.env.ROLE !== 'slow') process.exit(0);
