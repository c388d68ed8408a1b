import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STATUSES } from '../../src/store/port.js';
import { isFinal, isWaiting, statusOf } from '../../src/store/status.js';

describe('the status of a message', () => {
  it.each([
    [['delivered', 'cancelled', 'bounced', 'held', 'queued', 'deferred'], 'deferred'],
    [['delivered', 'cancelled', 'bounced', 'held', 'queued'], 'queued'],
    [['delivered', 'cancelled', 'bounced', 'held'], 'held'],
    [['delivered', 'cancelled', 'bounced'], 'bounced'],
    [['delivered', 'cancelled'], 'cancelled'],
    [['delivered'], 'delivered'],
  ] as const)('of %j is %s', (recipients, status) => {
    expect(statusOf(recipients)).toBe(status);
    expect(statusOf([...recipients].reverse())).toBe(status);
  });

  // Invariant: a message waits while a recipient does, and is done when all are.
  it('waits while a recipient does, and is final when all are', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...STATUSES), { minLength: 1 }), (recipients) => {
        const status = statusOf(recipients);
        expect(recipients).toContain(status);
        expect(isWaiting(status)).toBe(recipients.some(isWaiting));
        expect(isFinal(status)).toBe(recipients.every(isFinal));
      }),
    );
  });
});
