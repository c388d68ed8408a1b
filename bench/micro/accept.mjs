// What a durable accept costs without the kernel's sockets: server, policy, the posts between the threads and the store's
// work, all in one thread. Several builds take turns in one process, so that what slows the machine slows all.
//
//     npm run build && node bench/micro/accept.mjs [DIST...]
//
// Each post between the two threads is written and read by Node's own serializer. The database is in a folder in memory, if
// there is one, so that a sync takes no time.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { IdleSocket } from '../suite/idle-socket.mjs';

const ROUNDS = 400;
const MESSAGES = 3;
/** As many commits share a sync with 50 connections. */
const CONNECTIONS = 20;
const CHUNK = 256 * 1024;
const DOMAIN = { id: 1, name: 'example.com' };
const FOLDERS = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const POSITIVE = '2'.charCodeAt(0);

const octets = (...lines) => Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
const BODY = Array.from({ length: 11 }, () => 'x'.repeat(76));
const HEADER = [
  'From: bench@example.com',
  'To: rcpt1@example.net',
  'Subject: hello',
  'Date: Mon, 23 Nov 2026 15:06:48 +0000',
  'Message-ID: <abcdefg.1@example.com>',
];
const MESSAGE = [
  octets('MAIL FROM:<bench@example.com>'),
  octets('RCPT TO:<rcpt1@example.net>'),
  octets('DATA'),
  octets(...HEADER, '', ...BODY, '.'),
];

/** The time of each part of a turn, in nanoseconds. */
class Clock {
  spent = { store: 0, wire: 0 };

  time(part, work) {
    const began = process.hrtime.bigint();
    try {
      return work();
    } finally {
      this.spent[part] += Number(process.hrtime.bigint() - began);
    }
  }
}

/** The gateway's handler over a store whose thread is this one. */
async function gateway(dist, directory, clock) {
  const load = (path) => import(new URL(path, dist).href);
  const { Budget } = await load('store/intake/budget.js');
  const { BufferPool } = await load('store/intake/buffers.js');
  const { BufferedDraft } = await load('store/intake/draft.js');
  const { MessageIds } = await load('store/intake/ids.js');
  const { LocalRates } = await load('store/local-rates.js');
  const { Batch } = await load('store/sqlite/wire/packed.js');
  const { openDatabase } = await load('store/sqlite/worker/database.js');
  const { Scheduler } = await load('store/sqlite/worker/scheduler.js');
  const { Gateway } = await load('submission/gateway.js');
  const { workerIntake } = await load('store/sqlite/main/store.js');

  const database = openDatabase(directory);
  database.exec(`INSERT INTO domain (id, name, created_at) VALUES (${DOMAIN.id}, '${DOMAIN.name}', 0)`);
  const buffers = new BufferPool(CHUNK);
  const batch = new Batch(buffers);
  const pending = new Map();
  const { port1, port2 } = new MessageChannel();
  const carry = (message, transfer) =>
    clock.time('wire', () => {
      port1.postMessage(message, transfer);
      return receiveMessageOnPort(port2).message;
    });
  let answer = null;
  const options = { directory, exclusive: true, first: true };
  const scheduler = new Scheduler(database, options, {
    post: (message, transfer) => (answer = [message, transfer]),
    wake: () => undefined,
  });
  const flush = () => {
    const { commits } = batch.take();
    const post = carry({ requests: [], commits }, [...commits.buffers]);
    clock.time('store', () => {
      scheduler.take(post);
      while (scheduler.workOnce());
    });
    const { done, outcomes, spent } = carry(...answer);
    if (outcomes.length > 0) throw new Error(`a commit failed: ${JSON.stringify(outcomes[0])}`);
    buffers.give(spent);
    for (const call of done) {
      pending.get(call)();
      pending.delete(call);
    }
  };
  let calls = 0;
  const link = {
    commit: (commit) =>
      new Promise((resolve) => {
        if (batch.length === 0) setImmediate(flush);
        pending.set(++calls, resolve);
        batch.add(calls, commit);
      }),
  };
  const budget = new Budget(64 * 1024 * 1024);
  const context = { intake: workerIntake(link, buffers), budget, buffers };
  const ids = new MessageIds(0, Date.now);
  const store = {
    open: () => new BufferedDraft(ids.next(), context),
    held: budget,
    rates: new LocalRates(),
    blockList: { isEmpty: async () => true, find: async () => null },
    domains: async () => [DOMAIN],
  };
  const rates = { messagesPerMinute: 0, recipientsPerMinute: 0 };
  return new Gateway({ store, hostname: 'mx.example', rates });
}

/** The sockets of so many greeted connections of a build. */
async function greeted(dist, directory, clock) {
  const { createServer } = await import(new URL('index.js', dist).href);
  const server = createServer(await gateway(dist, directory, clock), {
    hostname: 'mx.example',
    allowInsecureAuth: true,
    authOptional: true,
    limits: { messages: 0 },
    admission: { connections: 1000, connectionsPerAddress: 1000 },
  });
  const acceptor = server.acceptor({ authRequired: false });
  return Array.from({ length: CONNECTIONS }, () => {
    const socket = new IdleSocket();
    acceptor(socket);
    socket.emit('data', octets('EHLO client.example'));
    return socket;
  });
}

/** Microseconds for a message, in the mean of a turn: all of it, the store's thread, and the posts. */
async function timed({ sockets, clock }) {
  clock.spent = { store: 0, wire: 0 };
  const began = process.hrtime.bigint();
  for (let n = 0; n < MESSAGES; n++) {
    for (const piece of MESSAGE) {
      for (const socket of sockets) socket.emit('data', piece);
      await turn();
    }
    await turn();
    if (sockets.some(({ last }) => last !== POSITIVE)) throw new Error('a message was not accepted');
  }
  const all = Number(process.hrtime.bigint() - began);
  const each = (nanoseconds) => nanoseconds / (MESSAGES * sockets.length) / 1000;
  const { store, wire } = clock.spent;
  return { all: each(all), rest: each(all - store - wire), wire: each(wire), store: each(store) };
}

const here = new URL('../../dist/', import.meta.url);
const named = process.argv.slice(2).map((path) => pathToFileURL(`${path}/`));
const builds = [];
const folders = [];
for (const dist of named.length === 0 ? [here] : named) {
  const folder = mkdtempSync(join(FOLDERS, 'postern-accept-'));
  folders.push(folder);
  const clock = new Clock();
  builds.push({ dist, clock, sockets: await greeted(dist, folder, clock), samples: [] });
}
for (const build of builds) for (let n = 0; n < ROUNDS / 4; n++) await timed(build);
for (let round = 0; round < ROUNDS; round++) {
  const order = round % 2 === 0 ? builds : [...builds].reverse();
  for (const build of order) build.samples.push(await timed(build));
}
/** The tenth fastest of a hundred: what the machine did beside it is in the slower ones. */
function cost({ samples }, part) {
  const sorted = samples.map((sample) => sample[part]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 10)];
}
console.table(
  builds.map((build) => {
    const parts = ['all', 'rest', 'wire', 'store'].map((part) => [part, cost(build, part)]);
    return {
      build: build.dist.pathname,
      ...Object.fromEntries(parts.map(([part, micros]) => [`${part}, us`, micros.toFixed(1)])),
      'to the first': (cost(build, 'all') / cost(builds[0], 'all')).toFixed(2),
    };
  }),
);
for (const folder of folders) rmSync(folder, { recursive: true, force: true });
process.exit();
