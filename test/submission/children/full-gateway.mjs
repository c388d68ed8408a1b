// Runs on a device of a few MiB: a gateway whose disk fills up under its clients, and has room again.
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createServer } from '../../../dist/server/index.js';
import { openSqliteStore } from '../../../dist/store/sqlite/index.js';
import { Gateway } from '../../../dist/submission/gateway.js';
import { digestToken } from '../../../dist/submission/token.js';

const say = (line) => process.stdout.write(`${line}\n`);
const [, , directory] = process.argv;
const ballast = join(directory, 'ballast');
writeFileSync(ballast, new Uint8Array(4 * 1024 * 1024));
const store = await openSqliteStore({ directory, exclusive: true });
const TOKEN = 'the-token';
await store.addDomain('example.com', digestToken(TOKEN), Date.now());

const gateway = new Gateway({ store, hostname: 'mx.example' });
const handler = {
  onAuth: (session, credentials) => gateway.onAuth(session, credentials),
  onMail: (session, reversePath) => gateway.onMail(session, reversePath),
  onContent: (session) => gateway.onContent(session),
};
const server = createServer(handler, { allowInsecureAuth: true });
const { port } = await server.listen({ port: 0 });

const socket = connect(port, '127.0.0.1');
const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
async function reply() {
  for (;;) {
    const { value } = await lines.next();
    if (value[3] === ' ') return value;
  }
}
async function command(text) {
  socket.write(`${text}\r\n`);
  return reply();
}
async function send(octets) {
  for (const text of ['MAIL FROM:<app@example.com>', 'RCPT TO:<you@example.net>', 'DATA'])
    await command(text);
  const body = `${'x'.repeat(98)}\r\n`.repeat(octets / 100);
  return (await command(`From: app@example.com\r\n\r\n${body}.`)).slice(0, 9);
}

await reply();
await command('EHLO x');
await command(`AUTH PLAIN ${Buffer.from(`\0${TOKEN}\0${TOKEN}`).toString('base64')}`);
let answer = await send(100_000);
say(`before ${answer}`);
let accepted = 0;
while (answer.startsWith('250') && accepted < 1_000) {
  accepted++;
  answer = await send(100_000);
}
say(`full ${answer}`);
say(`large ${await send(3_000_000)}`);
rmSync(ballast);
say(`same connection ${await send(100_000)}`);
const listed = await store.messages({ limit: 10_000 });
const sizes = await Promise.all(
  listed.map(async ({ id, size }) => {
    let length = 0;
    for await (const piece of store.content(id)) length += piece.length;
    return length === size;
  }),
);
say(`kept ${listed.length === accepted + 1 && sizes.every(Boolean)}`);
say('end');
socket.destroy();
await server.close(0);
await store.close();
