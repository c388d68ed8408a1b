/**
 * Invariant: every message that got its 250 is there after kill -9, once and whole; of no other message is
 * a part to be seen.
 *
 * POSTERN_KILL_ROUNDS says how often the server is killed.
 */
import { expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { GatewayProcess, sha256 } from '../e2e/gateway-process.js';
import { type Offered, sendUntilTheEnd } from './sender.js';

const ROUNDS = Number(process.env['POSTERN_KILL_ROUNDS'] ?? 5);
const SENDERS = 6;
/** Clients are greeted at once: a server that lives for 400 ms must not wait for TLS first. */
const AT_ONCE = ['--smtp-tls-detect', '0'];
/** The server is killed at a random moment up to this many milliseconds after it was ready. */
const LONGEST_LIFE = 400;

it(
  `${ROUNDS} kills under load lose nothing that was acknowledged`,
  async () => {
    const offered = new Map<string, Offered>();
    let gateway = await GatewayProcess.start({ args: AT_ONCE });
    const { data, token } = gateway;
    const figures = { rounds: 0, acknowledged: 0, storedUnheard: 0, neverStored: 0 };
    let seen = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const fresh = await loadAndKill(gateway, token);
      for (const message of fresh) offered.set(message.key, message);
      // The next server on the same data: what it finds is what survived.
      gateway = await GatewayProcess.start({ data, args: AT_ONCE });
      const survived = await check(data, offered, seen);
      for (const message of fresh) {
        if (message.id !== null) figures.acknowledged++;
        else if (survived.keys.has(message.key)) figures.storedUnheard++;
        else figures.neverStored++;
        if (message.id !== null) expect(survived.keys.get(message.key)).toBe(message.id);
      }
      seen = survived.newest;
      figures.rounds++;
    }
    const all = await check(data, offered, 0);
    for (const { key, id } of offered.values()) if (id !== null) expect(all.keys.get(key)).toBe(id);
    expect(await gateway.stop()).toBe(0);
    console.log('kill -9:', JSON.stringify(figures));
    expect(figures.acknowledged).toBeGreaterThan(0);
  },
  30_000 + ROUNDS * 10_000,
);

/** Sends from several connections until the server is killed. */
async function loadAndKill(gateway: GatewayProcess, token: string): Promise<Offered[]> {
  const offered: Offered[] = [];
  const stop = { now: false };
  const senders = Array.from({ length: SENDERS }, () => sendUntilTheEnd(gateway.port, token, offered, stop));
  await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_LIFE));
  await gateway.stop('SIGKILL');
  stop.now = true;
  await Promise.all(senders);
  return offered;
}

/** Looks at every message newer than `after`: known, once, whole. */
async function check(
  data: string,
  offered: ReadonlyMap<string, Offered>,
  after: number,
): Promise<{ readonly keys: Map<string, string>; readonly newest: number }> {
  const store = await openSqliteStore({ directory: data, exclusive: false });
  try {
    const keys = new Map<string, string>();
    const listed = (await store.messages({ limit: 1_000_000 })).filter(({ id }) => id > after);
    for (const { id, subject, size } of listed) {
      const key = subject ?? '';
      expect(keys.has(key), `message ${key} is there twice`).toBe(false);
      keys.set(key, String(id));
      const content = await contentOf(store, id);
      expect(content).toHaveLength(size);
      expect(sha256(content.subarray(content.indexOf('\r\n\r\n') + 4)), `message ${key}`).toBe(
        offered.get(key)?.bodyHash,
      );
    }
    return { keys, newest: Math.max(after, ...listed.map(({ id }) => id)) };
  } finally {
    await store.close();
  }
}

async function contentOf(store: Store, id: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of store.content(id)) pieces.push(piece);
  return Buffer.concat(pieces);
}
