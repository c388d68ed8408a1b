// What the protocol costs without a socket: whole dialogues through the session, and its decoders alone.
//
//     npm run build && node bench/micro/session.mjs
import { Bench } from 'tinybench';
import { ACCEPT, Profile, ServerSession } from '../../dist/protocol/index.js';
import { LineDecoder } from '../../dist/protocol/inbox.js';
import { parsePath } from '../../dist/protocol/grammar/mailbox.js';
import { latin1, latin1Octets } from '../../dist/server/platform/latin1.js';
import { fastestScan } from '../../dist/server/platform/scan.js';

const octets = (...lines) => Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
const ENVELOPE = ['MAIL FROM:<app@example.com>', 'RCPT TO:<someone@example.net>', 'DATA'];
const CONTENT = ['From: app@example.com', 'Subject: hello', '', 'x'.repeat(70), 'x'.repeat(70), '.'];
const CHUNK = octets(...CONTENT.slice(0, -1));

const profile = new Profile({
  hostname: 'mx.example',
  scan: fastestScan(),
  toText: latin1,
  toOctets: latin1Octets,
});

/** A session after its EHLO. */
function greeted() {
  const session = new ServerSession(profile, '192.0.2.1', 'plain');
  // It is greeted before it speaks.
  if (session.next().type === 'connect') session.answer(ACCEPT);
  feed(session, octets('EHLO client.example'));
  return session;
}

function feed(session, piece) {
  session.receive(piece);
  for (;;) {
    const event = session.next();
    if (event.type === 'needOctets') break;
    if (event.type === 'closed') throw new Error('the session is over');
    if (event.type !== 'content' && event.type !== 'reset') session.answer(ACCEPT);
  }
  return session.output();
}

const dialogues = {
  'a message, line by line': [...ENVELOPE.map((line) => octets(line)), octets(...CONTENT)],
  'a message, its envelope in one piece': [octets(...ENVELOPE), octets(...CONTENT)],
  'a message by BDAT': [Buffer.concat([octets(...ENVELOPE.slice(0, 2), `BDAT ${CHUNK.length} LAST`), CHUNK])],
  'a message to 50 recipients': [
    octets(ENVELOPE[0], ...Array.from({ length: 50 }, (_, n) => `RCPT TO:<rcpt${n}@example.net>`), 'DATA'),
    octets(...CONTENT),
  ],
  '100 NOOPs': [octets(...Array.from({ length: 100 }, () => 'NOOP'))],
};

const bench = new Bench({ time: 400, warmupTime: 200 });
const sizes = new Map();
const add = (name, size, run) => {
  sizes.set(name, size);
  bench.add(name, run);
};
for (const [name, pieces] of Object.entries(dialogues)) {
  const session = greeted();
  add(name, Buffer.concat(pieces).length, () => {
    for (const piece of pieces) if (feed(session, piece) === null) throw new Error('no reply');
  });
}
const line = octets(ENVELOPE[0]);
const decoder = new LineDecoder(latin1);
add('LineDecoder, one line', line.length, () => {
  if (decoder.next(line, 0, 2046, 1 << 16) !== 'line') throw new Error('no line');
});
for (const path of ['<app@example.com>', '<"a b"@example.com>', '<app@[IPv6:2001:db8::1]>']) {
  add(`parsePath, ${path}`, path.length, () => {
    if (!('end' in parsePath(path, 0))) throw new Error('no path');
  });
}
await bench.run();
console.table(
  bench.tasks.map(({ name, result }) => {
    const nanoseconds = result.latency.p50 * 1e6;
    return { name, ns: Math.round(nanoseconds), 'MB/s': Math.round((sizes.get(name) * 1000) / nanoseconds) };
  }),
);
