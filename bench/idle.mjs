// What an idle connection costs: the resident memory of the server, and of a bare net server that only writes
// a greeting, with as many connections that were greeted and said EHLO, each in a process of its own.
//
//   npm run -s build && node bench/idle.mjs [connections] [collections of garbage] [--json]
//
// Loopback only. Needs two descriptors a connection over all: ulimit -n.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

const JSON_ONLY = process.argv.includes('--json');
const [CONNECTIONS = 10_000, SETTLE = 5] = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
const SERVER = fileURLToPath(new URL('./idle-server.mjs', import.meta.url));
/** Connections begun at once. */
const BATCH = 200;
/** A port of the client's side serves one connection to one address: so they go to several. */
const ADDRESSES = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'];

function ask(child, question) {
  child.send(question);
  return once(child, 'message').then(([answer]) => answer);
}

function open(port, host) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host });
    socket.on('error', reject);
    let replies = 0;
    socket.on('data', (octets) => {
      if (++replies === 1) socket.write('EHLO client.example\r\n');
      else if (octets.toString('latin1').includes('250 ')) resolve(socket);
    });
  });
}

async function measure(kind) {
  const child = fork(SERVER, [kind], { execArgv: ['--expose-gc'] });
  const [{ port }] = await once(child, 'message');
  // Once with a few: what is loaded and compiled on first use is no connection's.
  const first = await Promise.all(Array.from({ length: 500 }, () => open(port, ADDRESSES[0])));
  for (const socket of first) socket.destroy();
  const before = await ask(child, { settle: SETTLE });
  const sockets = [];
  while (sockets.length < CONNECTIONS) {
    const host = ADDRESSES[((sockets.length / BATCH) % ADDRESSES.length) | 0];
    const count = Math.min(BATCH, CONNECTIONS - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: count }, () => open(port, host)))));
  }
  const after = await ask(child, { settle: SETTLE });
  for (const socket of sockets) socket.destroy();
  child.kill();
  await once(child, 'exit');
  const per = (name) => (after[name] - before[name]) / CONNECTIONS / 1024;
  return { kind, rss: per('rss'), heap: per('heapUsed'), external: per('external') };
}

const results = [];
for (const kind of ['bare', 'library', 'gateway']) results.push(await measure(kind));
const [bare, ...others] = results;
if (JSON_ONLY) {
  const beyond = others.map(({ kind, rss, heap }) => ({
    kind,
    resident: rss - bare.rss,
    heap: heap - bare.heap,
  }));
  console.log(JSON.stringify({ connections: CONNECTIONS, kibibytes: { bare: bare.rss, beyond } }));
} else {
  for (const { kind, rss, heap, external } of results) {
    const [resident, used, outside] = [rss, heap, external].map((value) => `${value.toFixed(2)} KiB`);
    console.log(`${kind.padEnd(8)} resident ${resident}  heap ${used}  external ${outside}`);
  }
  for (const { kind, rss, heap } of others) {
    const [resident, used] = [rss - bare.rss, heap - bare.heap].map((value) => value.toFixed(2));
    console.log(
      `${kind}: ${resident} KiB resident and ${used} KiB of heap beyond the bare server, per connection`,
    );
  }
}
process.exit(0);
