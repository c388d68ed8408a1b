import { describe, expect, it } from 'vitest';
import { MessageIds, NodeIds } from '../../src/store/intake/ids.js';

const DAY = 86_400_000;

describe('message ids', () => {
  it('follow the clock, and rise when it stands, goes back or was behind the store', () => {
    let now = Date.UTC(2026, 0, 1);
    const ids = new MessageIds(0, () => now);
    const first = ids.next();
    now += 1;
    expect(ids.next() - first).toBe(4096);
    expect(ids.next() - first).toBe(4098);
    now -= DAY;
    expect(ids.next() - first).toBe(4100);
    now += 2 * DAY;
    expect(ids.next() - first).toBe((DAY + 1) * 4096);
    expect(new MessageIds(first + 50_000_000_000, () => now - 2 * DAY).next()).toBe(first + 50_000_000_002);
  });

  it('run ahead of the clock where a millisecond asks for more than it has', () => {
    const ids = new MessageIds(0, () => Date.UTC(2026, 0, 1));
    const first = ids.next();
    let last = first;
    for (let count = 0; count < 10_000; count++) last = ids.next();
    expect(last - first).toBe(20_000);
  });

  it('of a server and of a command beside it differ, whatever their clocks say', () => {
    for (const clocks of [
      [0, 0],
      [0, -DAY],
      [-DAY, 0],
    ]) {
      const [server, command] = clocks.map((offset) => () => Date.UTC(2026, 0, 1) + offset);
      if (server === undefined || command === undefined) throw new Error('two clocks are needed');
      for (const greatest of [0, 7, 8]) {
        const [ofServer, ofCommand] = [
          new MessageIds(greatest, server),
          new MessageIds(greatest, command, 'command'),
        ];
        const given = Array.from({ length: 5000 }, () => [ofServer.next(), ofCommand.next()]).flat();
        expect(new Set(given).size).toBe(given.length);
        expect(Math.min(...given)).toBeGreaterThan(greatest);
      }
    }
  });

  it('stay positive and safe under a clock of any year', () => {
    for (const year of [1970, 2024, 2025, 2094, 2200, 200_000]) {
      const ids = new MessageIds(0, () => Date.UTC(year, 0, 1));
      for (const id of [ids.next(), ids.next()]) {
        expect(id).toBeGreaterThan(0);
        expect(Number.isSafeInteger(id + 1_000_000_000)).toBe(true);
      }
    }
  });
});

describe('ids of a node', () => {
  it('end where its reservation ends, and say so', () => {
    let now = Date.UTC(2026, 0, 1);
    let short = 0;
    const ids = new NodeIds(
      3,
      0,
      () => now,
      () => short++,
    );
    const first = ids.next();
    ids.reserve(first + 2);
    now += DAY;
    expect([ids.next(), ids.next()]).toEqual([first + 1, first + 2]);
    expect(() => ids.next()).toThrow('has lost its place');
    expect(short).toBe(3);
    ids.reserve(ids.ahead(1000));
    expect(ids.next() - first).toBe(DAY * 4096);
    expect(short).toBe(3);
  });
});
