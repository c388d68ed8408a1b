// What a connection costs without the kernel: its pump, its session and the handler's dialogue, over sockets that do
// nothing. Several builds take turns in one process, so that what slows the machine slows all.
//
//     npm run build && node bench/micro/connection.mjs [DIST...]
import { pathToFileURL } from 'node:url';
import { IdleSocket } from '../suite/idle-socket.mjs';

const ROUNDS = 400;
const MESSAGES = 60;
const CONNECTIONS = 20;

const octets = (...lines) => Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
const HELLO = octets('EHLO client.example');
const BODY = Array.from({ length: 6 }, () => 'x'.repeat(70));
const MESSAGE = [
  octets('MAIL FROM:<bench@example.com>'),
  octets('RCPT TO:<rcpt1@example.net>'),
  octets('DATA'),
  octets('From: bench@example.com', 'To: rcpt1@example.net', 'Subject: hello', '', ...BODY, '.'),
];

/** The sockets of so many greeted connections of a build. */
async function greeted(dist) {
  const { createServer } = await import(new URL('index.js', dist).href);
  const acceptor = createServer({}, { hostname: 'mx.example' }).acceptor();
  return Array.from({ length: CONNECTIONS }, () => {
    const socket = new IdleSocket();
    acceptor(socket);
    socket.emit('data', HELLO);
    return socket;
  });
}

/** Nanoseconds for a message, in the mean of a turn. */
function turn(sockets) {
  const before = sockets[0].writes;
  const began = process.hrtime.bigint();
  for (let n = 0; n < MESSAGES; n++) {
    for (const piece of MESSAGE) for (const socket of sockets) socket.emit('data', piece);
  }
  const took = Number(process.hrtime.bigint() - began);
  if (sockets[0].writes - before !== MESSAGE.length * MESSAGES) throw new Error('a command has no reply');
  return took / (MESSAGES * sockets.length);
}

const here = new URL('../../dist/', import.meta.url);
const named = process.argv.slice(2).map((path) => pathToFileURL(`${path}/`));
const builds = [];
for (const dist of named.length === 0 ? [here] : named) {
  builds.push({ dist, sockets: await greeted(dist), samples: [] });
}
for (const { sockets } of builds) for (let n = 0; n < ROUNDS / 8; n++) turn(sockets);
for (let round = 0; round < ROUNDS; round++) {
  const order = round % 2 === 0 ? builds : [...builds].reverse();
  for (const { sockets, samples } of order) samples.push(turn(sockets));
}
// The tenth fastest of a hundred: what the machine did beside it is in the slower ones.
const cost = ({ samples }) => samples.sort((a, b) => a - b)[Math.floor(samples.length / 10)];
const costs = builds.map(cost);
console.table(
  builds.map(({ dist }, n) => ({
    build: dist.pathname,
    'ns a message': Math.round(costs[n]),
    'to the first': (costs[n] / costs[0]).toFixed(3),
  })),
);
process.exit();
