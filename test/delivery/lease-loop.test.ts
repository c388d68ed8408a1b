import { expect, it, onTestFinished, vi } from 'vitest';
import { LeaseLoop } from '../../src/delivery/queue/lease-loop.js';
import { ModelQueue } from './model-queue.js';
import { A } from './runner-harness.js';

const HOUR = 3_600_000;

it('looks once for mail that is due too late if the queue has only mail for a later release', async () => {
  const now = Date.now();
  const queue = new ModelQueue();
  const send = (releaseAt: number): unknown =>
    queue.add({ domain: A, to: ['to@example.net'], receivedAt: now, terms: { releaseAt } });
  const loop = new LeaseLoop({
    queue,
    now: () => now,
    longestGap: HOUR,
    inHand: new Map(),
    take: () => undefined,
    makeRoom: () => undefined,
    sweep: () => undefined,
    onCapped: () => undefined,
    onFailure: (error) => expect(error).toBeUndefined(),
  });
  onTestFinished(() => loop.stop());
  send(now + 48 * HOUR);
  loop.start();
  for (let looks = 1; looks <= 4; looks++) {
    await vi.waitFor(() => expect(queue.calls.nextDue).toBeGreaterThanOrEqual(looks));
    send(now + (48 + looks) * HOUR);
  }
  // Once at the start, and once for the late time.
  expect(queue.calls.capDue).toBe(2);
  // Mail that is due earlier, and still too late, may be of a clock that was ahead.
  send(now + 24 * HOUR);
  await vi.waitFor(() => expect(queue.calls.capDue).toBe(3));
});
