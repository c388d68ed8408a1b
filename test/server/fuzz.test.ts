/**
 * Invariant: no input of any client ends the process, raises an unhandled rejection, or puts a stack trace into a
 * reply; and an honest client is served as before.
 *
 * Dozens of clients send generated dialogues over plain sockets, TLS, and octets that only resemble TLS; they
 * half-close, reset and vanish. Half of the calls of the handler throw, at once or late. The test runs for
 * POSTERN_FUZZ_SECONDS (3); a failure prints the seed, and POSTERN_FUZZ_SEED repeats a run as far as sockets can be
 * repeated.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, it } from 'vitest';
import { invent } from '../fuzz/dialogues.js';
import { Chance } from '../fuzz/random.js';
import { parseVectors } from '../vectors/format.js';
import { createHello } from './client-hello.js';
import { localhostCertificates, serve, takeTrouble, type ServeOptions } from './harness.js';
import { Talk } from './talk.js';

const SECONDS = Number(process.env['POSTERN_FUZZ_SECONDS'] ?? 3);
const SEED = Number(process.env['POSTERN_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const CLIENTS = 12;
/** A client that hears nothing more for so long has no more to hear. */
const SILENCE_MS = 60;

const vectors = new URL('../vectors/', import.meta.url);
const known = readdirSync(vectors)
  .filter((name) => name.endsWith('.vec'))
  .flatMap((name) => parseVectors(readFileSync(new URL(name, vectors), 'utf8')));

/** Matches a stack trace, or an error as Node prints it. */
const TRACE = /\bat .*:\d+:\d+|\bError\b|node:|\.[jt]s\b|\[object/;

it(`holds for ${SECONDS} s, from seed ${SEED}`, { timeout: (SECONDS + 60) * 1000 }, async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  const chance = new Chance(SEED);
  const ports = await listening(chance);
  const hello = (await createHello()).toString('latin1');
  const until = Date.now() + SECONDS * 1000;
  const heard: string[] = [];
  let clients = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      for (; Date.now() < until; clients++) heard.push(await hostile(chance.pick(ports), hello, chance));
    }),
  );
  expect(clients).toBeGreaterThan(CLIENTS);
  expect(heard.filter((replies) => TRACE.test(replies))).toEqual([]);
  // They were heard, most of them.
  expect(heard.filter((replies) => replies.startsWith('220 ')).length).toBeGreaterThan(0);
  for (const port of ports) await honest(port);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
  takeTrouble();
});

/** A message that is accepted. */
async function honest(port: number): Promise<void> {
  const talk = await Talk.open(port);
  await talk.play('< 220', '> EHLO honest.example', '< 250', '> MAIL FROM:<>', '< 250');
  await talk.play(
    '> RCPT TO:<honest@x.example>',
    '< 250',
    '> DATA',
    '< 354',
    '> .',
    '< 250',
    '> QUIT',
    '< 221',
  );
}

/** Ports of every kind, with a handler that fails as it likes wherever the client is not honest. */
async function listening(chance: Chance): Promise<number[]> {
  const fail = (): void | Promise<void> => {
    if (chance.once(8)) throw new Error('/srv/secret.js:1:1');
    if (chance.once(8)) return Promise.reject(new TypeError('a late one'));
    return chance.once(4) ? new Promise((resolve) => setImmediate(resolve)) : undefined;
  };
  const isHonest = (name?: string): boolean => name === 'honest.example';
  const options: ServeOptions = {
    certificates: await localhostCertificates(),
    onAuth: async (_, { authcid }) => {
      await fail();
      return chance.once(2) ? authcid.expose() : null;
    },
    onHello: (_, { name }) => (isHonest(name) ? undefined : fail()),
    onMail: ({ hello }) => (isHonest(hello.name) ? undefined : fail()),
    onRcpt: ({ hello }) => (isHonest(hello.name) ? undefined : fail()),
    onData: async ({ hello }, body) => {
      for await (const _ of body) if (!isHonest(hello.name)) await fail();
      if (!isHonest(hello.name)) await fail();
    },
    // A notification method may fail, too: the process emits a warning.
    onReset: () => fail() as undefined,
    limits: { swallowedLine: 4_000, messageSize: 2_000 },
    admission: {
      connections: 1_000,
      connectionsPerAddress: 1_000,
      authDelay: 0,
      authFailures: 1e9,
      authFailuresPerAddress: 1e9,
    },
  };
  const { server, port } = await serve(options, { authRequired: false });
  const detect = await server.listen({ port: 0, tls: 'detect', tlsDetectMs: 5, authRequired: false });
  return [port, detect.port];
}

/** One hostile client; gives what it heard. `hello`: what TLS begins with, to send where it has no business. */
async function hostile(port: number, hello: string, chance: Chance): Promise<string> {
  const socket = await open(port, chance);
  if (socket === null) return '';
  let heard = '';
  let lastHeard = Date.now();
  socket.on('data', (octets: Buffer) => {
    heard += octets.toString('latin1');
    lastHeard = Date.now();
  });
  const octets = invent(known, chance)
    .segments.map((segment) => segment.octets)
    .join(chance.once(2) ? '' : hello);
  for (let at = 0; at < octets.length && socket.writable;) {
    const to = at + 1 + chance.below(chance.once(3) ? 10 : 2_000);
    socket.write(Buffer.from(octets.slice(at, to), 'latin1'));
    at = to;
    if (chance.once(40)) break;
    if (chance.once(3)) await new Promise((resolve) => setImmediate(resolve));
  }
  if (chance.once(4) && 'resetAndDestroy' in socket && !('encrypted' in socket)) socket.resetAndDestroy();
  else if (chance.once(2)) socket.end();
  while (!socket.destroyed && !socket.readableEnded && Date.now() - lastHeard < SILENCE_MS) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  socket.destroy();
  return heard;
}

/** A connection, plain or TLS; null where it was not to be had. */
function open(port: number, chance: Chance): Promise<Socket | null> {
  const tls = chance.once(4);
  const options = { port, host: '127.0.0.1', allowHalfOpen: true };
  return new Promise((resolve) => {
    const socket = tls ? connectTls({ ...options, rejectUnauthorized: false }) : connect(options);
    // A server may hang up on a client like this one.
    socket.on('error', () => resolve(null));
    socket.once(tls ? 'secureConnect' : 'connect', () => resolve(socket));
    socket.once('close', () => resolve(null));
  });
}
