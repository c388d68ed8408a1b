import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startRetention, removeExpired, removeOld } from '../../src/cli/serve/retention.js';
import type { RetentionRequest } from '../../src/store/retention.js';
import { scratch } from '../scratch.js';
import { accept, postern, runningStore } from './postern.js';

const DAY = 86_400_000;
const nothing = { contents: 0, messages: 0 };

/** Messages of the year before, cancelled, of a megabyte each. */
async function oldMessages(data: string) {
  const store = await runningStore(data);
  const domain = await store.addDomain('example.com', new Uint8Array(32).fill(1), 0);
  const ids: number[] = [];
  for (let at = 0; at < 3; at++) {
    const receivedAt = Date.now() - 365 * DAY;
    ids.push(await accept(store, domain?.id ?? 0, { receivedAt }, new Uint8Array(1_000_000)));
  }
  for (const id of ids.slice(1)) await store.queue.cancel(id, 0);
  return { store, ids };
}

describe('postern vacuum', () => {
  const keep = { POSTERN_STORE_KEEP_CONTENT: '30d' };

  it.each([true, false])(
    'removes old messages and frees their space; while a server runs: %s',
    async (server) => {
      const data = await scratch();
      const { store, ids } = await oldMessages(data);
      if (!server) await store.close();
      const first = await postern(['vacuum', '--json', '--data', data], keep);
      expect([first.exitCode, first.stderr]).toEqual([0, '']);
      const { octets, ...removed } = JSON.parse(first.stdout) as { octets: number };
      expect(removed).toEqual({ messages: 0, contents: 2 });
      expect(octets).toBeGreaterThan(1_900_000);
      const second = await postern(['vacuum', '--data', data], { POSTERN_STORE_KEEP_MESSAGES: '30d' });
      expect(second.stdout).toContain('Removed: 2 messages, and the content of 0 more.');
      const raw = await postern(['message', String(ids[0]), '--raw', '--data', data]);
      expect(raw.exitCode).toBe(0);
      if (!server) expect(statSync(join(data, 'postern.db')).size).toBeLessThan(1_500_000);
    },
  );

  it('says so if everything is kept, and if content is gone', async () => {
    const data = await scratch();
    const { ids } = await oldMessages(data);
    const kept = await postern(['vacuum', '--data', data]);
    expect(kept.stdout).toContain('Removed: 0 messages, and the content of 0 more.');
    expect(kept.stderr).toContain('store.keep_content');
    await postern(['vacuum', '--data', data], keep);
    const raw = await postern(['message', String(ids[1]), '--raw', '--data', data]);
    expect([raw.exitCode, raw.stdout]).toEqual([1, '']);
    expect(raw.stderr).toContain(`the content of message ${ids[1]} was old and has been removed`);
    expect((await postern(['message', String(ids[1]), '--data', data])).stdout).toContain('has been removed');
  });
});

describe('removal by a server', () => {
  const log = { info: () => undefined, warn: () => undefined };

  it('covers messages accepted before the time, by each setting; 0 keeps all', async () => {
    const asked: RetentionRequest[] = [];
    const steps = [{ contents: 2, messages: 1 }, { contents: 0, messages: 1 }, nothing];
    const retention = {
      removeOld: (request: RetentionRequest) => {
        asked.push(request);
        return Promise.resolve(steps.shift() ?? nothing);
      },
    };
    expect(await removeOld(retention, { keepContent: 30, keepMessages: 0 }, 100)).toEqual({
      contents: 2,
      messages: 2,
    });
    await removeOld(retention, { keepContent: 0, keepMessages: 99 }, 100);
    // Domains may have rules of their own, so the store is asked in any case.
    await removeOld(retention, { keepContent: 0, keepMessages: 0 }, 100);
    expect(asked.slice(2)).toEqual([
      { now: 100, contentBefore: 70, messagesBefore: null },
      { now: 100, contentBefore: null, messagesBefore: 1 },
      { now: 100, contentBefore: null, messagesBefore: null },
    ]);
  });

  it('removes expired sessions, idempotency keys and entries of block lists', async () => {
    const left = [2, 1, 3];
    const asked: number[] = [];
    const parts = left.map((_, part) => ({
      removeExpired: (now: number) => {
        asked.push(now);
        return Promise.resolve((left[part] ?? 0) > 0 ? (left[part] = (left[part] ?? 0) - 1) + 1 : 0);
      },
    }));
    const [sessions, idempotency, blockLists] = parts;
    await removeExpired({ sessions, idempotency, blockLists } as never, 77);
    expect(left).toEqual([0, 0, 0]);
    expect(new Set(asked)).toEqual(new Set([77]));
  });

  it('runs again and again, also after failures, until it is stopped', async () => {
    let rounds = 0;
    let enough: () => void = () => undefined;
    const done = new Promise<void>((resolve) => (enough = resolve));
    const retention = {
      removeOld: () => {
        rounds++;
        if (rounds === 4) enough();
        return rounds % 2 === 0 ? Promise.resolve(nothing) : Promise.reject(new Error('no room'));
      },
    };
    const keeping = { keepContent: 5, keepMessages: 0 };
    const none = { removeExpired: () => Promise.resolve(0) };
    const store = { retention, sessions: none, idempotency: none, blockLists: none } as never;
    const tidying = startRetention(store, keeping, log as never, { now: () => 100, every: 1 });
    await done;
    await tidying.stop();
    const before = rounds;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(rounds).toBe(before);
  });
});
