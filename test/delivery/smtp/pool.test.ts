import { describe, expect, it } from 'vitest';
import { Pool, type Pooled } from '../../../src/delivery/transports/smtp/pool.js';

class FakeConnection implements Pooled {
  readonly usable = true;
  readonly ended: Promise<void>;
  isOpen = true;
  #end: () => void = () => undefined;

  constructor() {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  quit(): void {
    this.isOpen = false;
    this.#end();
  }

  destroy(): void {
    this.quit();
  }
}

describe('a pool whose size changes', () => {
  it('has as many connections as the size allows at the moment', async () => {
    let size = 3;
    const pool = new Pool<FakeConnection>(() => size, 60_000);
    const opened: FakeConnection[] = [];
    const { signal } = new AbortController();
    const acquire = (isSuitable?: () => boolean) =>
      pool.acquire(
        async () => {
          const connection = new FakeConnection();
          opened.push(connection);
          return connection;
        },
        signal,
        isSuitable,
      );
    const open = () => opened.filter(({ isOpen }) => isOpen).length;

    const first = [await acquire(), await acquire(), await acquire()];
    let fourth: FakeConnection | null = null;
    const waiting = acquire().then((connection) => (fourth = connection));
    await new Promise(setImmediate);
    expect([open(), fourth]).toEqual([3, null]);
    size = 4;
    for (const connection of first) pool.release(connection);
    pool.release(await waiting);

    // Another server has come: the idle connections beyond the share are closed before a new one is opened.
    size = 1;
    const only = await acquire(() => false);
    expect(open()).toBe(1);
    let next: FakeConnection | null = null;
    const second = acquire().then((connection) => (next = connection));
    await new Promise(setImmediate);
    expect([open(), next]).toEqual([1, null]);
    pool.release(only);
    expect(await second).toBe(only);
    await pool.close();
  });
});
