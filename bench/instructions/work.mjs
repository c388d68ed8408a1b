// The work whose instructions are counted: each scenario hands pieces to the library's server over sockets that are
// connected to nothing, so that every run executes the same code on the same octets.
//
// `os.loadavg` is the signal: bench/instructions.mjs has callgrind write its count at each call.
import { loadavg } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { createServer } from '../../dist/index.js';
import { IdleSocket } from '../suite/idle-socket.mjs';

const CONNECTIONS = 10;
const WARMUP_CALLS = 12;
const POSITIVE = '2'.charCodeAt(0);

const octets = (...lines) => Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
const HELLO = octets('EHLO client.example');
const QUIT = octets('QUIT');
const HEADER = ['From: bench@example.com', 'To: rcpt1@example.net', 'Subject: hello', ''];
const ENVELOPE = ['MAIL FROM:<bench@example.com>', 'RCPT TO:<rcpt1@example.net>'];

/** Content of about this length, in lines of 76 octets, with its end. */
function content(length) {
  return octets(...HEADER, ...Array.from({ length: Math.ceil(length / 78) }, () => 'x'.repeat(76)), '.');
}

/** The octets in pieces of this length. */
function cut(whole, length) {
  const pieces = [];
  for (let at = 0; at < whole.length; at += length) pieces.push(whole.subarray(at, at + length));
  return pieces;
}

const lockStep = (pieces) => [...ENVELOPE.map((line) => octets(line)), octets('DATA'), ...pieces];
const SHORT = lockStep([content(400)]);
const KIB_64 = content(65_536);
const MIB = content(1_048_576);

/** Reads the body as most handlers do. */
const READS = {
  async onData(_session, body) {
    let length = 0;
    for await (const chunk of body) length += chunk.length;
    if (length === 0) throw new Error('no body');
  },
};

/**
 * `messages`: those counted, of each connection. `warmup`: those before them, until all code is compiled; three times as many
 * if it is not given, since scenarios share code and the first has warmed most of it.
 */
const SCENARIOS = {
  short: { pieces: SHORT, messages: 200, warmup: 3000 },
  connections: { pieces: SHORT, messages: 100, warmup: 1200, connects: true },
  pipelined: {
    pieces: [Buffer.concat([octets(...ENVELOPE, 'DATA')]), content(400)],
    messages: 200,
    warmup: 1200,
  },
  '64k in pieces of 1460': { pieces: lockStep(cut(KIB_64, 1460)), messages: 40 },
  '64k in pieces of 4096': { pieces: lockStep(cut(KIB_64, 4096)), messages: 40 },
  '64k in pieces of 16384': { pieces: lockStep(cut(KIB_64, 16_384)), messages: 30, warmup: 144 },
  '64k in pieces of 16384, read as a stream': {
    pieces: lockStep(cut(KIB_64, 16_384)),
    messages: 30,
    warmup: 300,
    handler: READS,
  },
  '64k by BDAT': {
    pieces: [
      ...ENVELOPE.map((line) => octets(line)),
      octets(`BDAT ${KIB_64.length} LAST`),
      ...cut(KIB_64, 16_384),
    ],
    messages: 30,
    warmup: 240,
  },
  '1m in pieces of 65536': { pieces: lockStep(cut(MIB, 65_536)), messages: 8 },
};

function connect(acceptor) {
  const socket = new IdleSocket();
  acceptor(socket);
  socket.emit('data', HELLO);
  return socket;
}

function reconnect(acceptor, sockets) {
  for (let k = 0; k < sockets.length; k++) {
    sockets[k].emit('data', QUIT);
    sockets[k] = connect(acceptor);
  }
}

function hand(piece, sockets) {
  for (let k = 0; k < sockets.length; k++) sockets[k].emit('data', piece);
}

function checkAccepted(sockets) {
  for (let k = 0; k < sockets.length; k++) {
    if (sockets[k].last !== POSITIVE) throw new Error('a message was not accepted');
  }
}

async function work({ pieces, connects = false, handler }, messages, acceptor, sockets) {
  for (let n = 0; n < messages; n++) {
    if (connects) reconnect(acceptor, sockets);
    for (let k = 0; k < pieces.length; k++) {
      hand(pieces[k], sockets);
      if (handler === READS) await turn();
    }
    checkAccepted(sockets);
    await turn();
  }
}

const wanted = process.argv.slice(2);
for (const [name, scenario] of Object.entries(SCENARIOS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const server = createServer(scenario.handler ?? {}, {
    hostname: 'bench.example',
    admission: { connections: 1000, connectionsPerAddress: 1000 },
  });
  const acceptor = server.acceptor();
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(acceptor));
  // Many short calls: a function that is compiled in the middle of its loop is compiled again when it ends.
  for (let n = 0; n < WARMUP_CALLS; n++) {
    await work(scenario, (scenario.warmup ?? 3 * scenario.messages) / WARMUP_CALLS, acceptor, sockets);
  }
  // All begin with the same room for short-lived objects.
  globalThis.gc?.({ type: 'minor' });
  await work(scenario, 2, acceptor, sockets);
  const before = sockets[0].writes;
  loadavg();
  await work(scenario, scenario.messages, acceptor, sockets);
  loadavg();
  if (!scenario.connects && sockets[0].writes === before) throw new Error(`${name}: nothing was answered`);
  console.log(JSON.stringify({ name, messages: scenario.messages * CONNECTIONS }));
}
process.exit();
