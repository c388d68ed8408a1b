/** When a node may judge that others are gone, by its own heartbeats. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connections } from '../../src/store/postgres/connections.js';
import { Node } from '../../src/store/postgres/node.js';

let isAway: boolean;
let beats: number;
let node: Node;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance'] });
  isAway = false;
  beats = 0;
  const run = ({ name }: { readonly name: string }) => {
    if (name === 'node_beat') beats++;
    return isAway
      ? Promise.reject(new Error('the database is away'))
      : Promise.resolve({ rows: [{ slot: 0, last: 0, others: 2 }], count: 1 });
  };
  node = await Node.join({ run, place: 'test' } as unknown as Connections, () => 1_000_000);
});
afterEach(async () => {
  await node.leave();
  vi.useRealTimers();
});

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

describe('a node', () => {
  it('knows of the others when it has been there for a moment', async () => {
    expect(node.knowsOthers).toBe(false);
    await pass(3_000);
    expect(node.knowsOthers).toBe(true);
    await pass(60_000);
    expect(node.knowsOthers).toBe(true);
  });

  it('does not take their silence for an end while the database is away, nor at once afterwards', async () => {
    await pass(10_000);
    isAway = true;
    await pass(9_000);
    expect(node.knowsOthers).toBe(false);
    await pass(60_000);
    isAway = false;
    await pass(1_000);
    expect(node.knowsOthers).toBe(false);
    await pass(3_000);
    expect(node.knowsOthers).toBe(true);
  });

  it('knows of them after an absence that was too short to silence one', async () => {
    await pass(10_000);
    isAway = true;
    await pass(6_000);
    isAway = false;
    await pass(1_000);
    expect(node.knowsOthers).toBe(true);
  });

  it('beats again a second after a heartbeat that failed', async () => {
    isAway = true;
    await pass(5_000);
    const failed = beats;
    isAway = false;
    await pass(1_000);
    expect(beats).toBe(failed + 1);
    await pass(3_000);
    expect(beats).toBe(failed + 1);
  });
});
