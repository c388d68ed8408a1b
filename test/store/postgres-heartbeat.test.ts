/** When a node may judge that others are gone, by its own heartbeats. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connections } from '../../src/store/postgres/connections.js';
import { Node } from '../../src/store/postgres/node.js';

let isAway: boolean;
let beats: number;
/** How long the database takes for a heartbeat, in milliseconds, and whether it finds it late. */
let takes: number;
let isLate: boolean;
/** The node's clock. */
let clock: number;
let node: Node;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'performance'] });
  isAway = false;
  beats = 0;
  takes = 0;
  isLate = false;
  clock = 1_000_000;
  const run = async ({ name }: { readonly name: string }) => {
    if (name === 'node_beat') beats++;
    if (isAway) throw new Error('the database is away');
    if (takes > 0) await new Promise((resolve) => setTimeout(resolve, takes));
    return { rows: [{ slot: 0, last: 0, others: 2, late: isLate }], count: 1 };
  };
  node = await Node.join({ run, place: 'test' } as unknown as Connections, () => clock);
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

describe('the period in which no other node takes over', () => {
  it('lasts as long as heartbeats come', async () => {
    const { period } = node;
    expect(period).toBeTypeOf('number');
    await pass(300_000);
    expect(node.period).toBe(period);
  });

  it('ends when heartbeats cease to come, and the next one begins with the next heartbeat', async () => {
    const { period } = node;
    await pass(10_000);
    isAway = true;
    await pass(12_500);
    expect(node.period).toBe(period);
    await pass(1_000);
    expect(node.period).toBeNull();
    await pass(3_000);
    isAway = false;
    await pass(1_000);
    expect(node.period).toBe((period ?? 0) + 1);
  });

  it('goes on after a short absence', async () => {
    const { period } = node;
    isAway = true;
    await pass(9_000);
    isAway = false;
    await pass(1_000);
    expect(node.period).toBe(period);
  });

  it('counts from when a heartbeat was sent, not from when its answer came', async () => {
    const { period } = node;
    await pass(4_000);
    takes = 14_500;
    await pass(1_000 + 13_000);
    expect(node.period).toBeNull();
    await pass(1_500);
    // It was sent five seconds after the last one, and carried out perhaps only after 19.
    takes = 0;
    await pass(5_000);
    expect(node.period).toBeGreaterThan(period ?? 0);
  });

  it('ends if the clock goes on while the monotonic one stands still, and not if it is put back', async () => {
    const { period } = node;
    clock -= 3_600_000;
    await pass(10_000);
    expect(node.period).toBe(period);
    clock += 22_000;
    expect(node.period).toBeNull();
    await node.beat();
    expect(node.period).toBe((period ?? 0) + 1);
  });

  it('ends if the database finds a heartbeat late, although both clocks stood still', async () => {
    const { period } = node;
    isLate = true;
    await pass(5_000);
    expect(node.period).toBe((period ?? 0) + 1);
    isLate = false;
    await pass(20_000);
    expect(node.period).toBe((period ?? 0) + 1);
  });
});
