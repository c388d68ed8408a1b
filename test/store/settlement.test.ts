/** The rules of settlement, without a database. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Status } from '../../src/store/port.js';
import type { Attempt, Settlement } from '../../src/store/queue.js';
import { settleMessage, type StoredMessage, type StoredRecipient } from '../../src/store/settlement.js';
import { isFinal } from '../../src/store/status.js';

const LEASE = 7;
const attempt = (outcome: Attempt['outcome'], at = 10): Attempt => ({
  at,
  outcome,
  remoteHost: 'mx.example',
  reply: `250 ${outcome}`,
  tls: null,
});
const settlement = (position: number, outcome: Attempt['outcome'], changes: Partial<Settlement> = {}) => ({
  position,
  attempt: attempt(outcome),
  nextAttemptAt: null,
  report: null,
  block: false,
  ...changes,
});
const recipient = (status: Status, changes: Partial<StoredRecipient> = {}): StoredRecipient => ({
  status,
  attempts: 0,
  nextAttemptAt: isFinal(status) ? null : 5,
  delayReported: false,
  ...changes,
});
const message = (recipients: StoredRecipient[], changes: Partial<StoredMessage> = {}): StoredMessage => ({
  status: 'queued',
  reversePath: 'a@example.com',
  recipients,
  lease: LEASE,
  ...changes,
});
const none = () => null;

describe('a settlement', () => {
  it('leaves a final status, under any lease', () => {
    for (const status of ['delivered', 'bounced', 'cancelled', 'held'] as const) {
      for (const lease of [LEASE, 99]) {
        const result = settleMessage(
          message([recipient(status)]),
          lease,
          [settlement(0, 'delivered')],
          true,
          none,
        );
        expect(result.changes).toEqual([]);
      }
    }
  });

  it('under a stale lease records only deliveries, and leaves the lease', () => {
    const stored = message([recipient('queued'), recipient('queued'), recipient('queued')]);
    const outcomes = [settlement(0, 'deferred'), settlement(1, 'delivered'), settlement(2, 'bounced')];
    const result = settleMessage(stored, 99, outcomes, true, none);
    expect(result.changes.map(({ position, status }) => [position, status])).toEqual([[1, 'delivered']]);
    expect(result.queue).toBe('keep');
  });

  it('that is repeated writes nothing, also within one call', () => {
    const repeated = settlement(0, 'deferred', { nextAttemptAt: 50 });
    const first = settleMessage(message([recipient('queued')]), LEASE, [repeated, repeated], false, none);
    expect(first.changes).toHaveLength(1);
    const stored = message([recipient('deferred', { attempts: 1, nextAttemptAt: 50 })]);
    const second = settleMessage(stored, LEASE, [repeated], true, () => attempt('deferred'));
    expect(second).toEqual({ changes: [], status: 'deferred', queue: 50 });
  });

  it('that differs from the last attempt in its time, its outcome or its reply is written', () => {
    const last = attempt('deferred');
    const stored = message([recipient('deferred', { attempts: 1 })]);
    const written = (given: Attempt): number =>
      settleMessage(stored, LEASE, [settlement(0, given.outcome, { attempt: given })], true, () => last)
        .changes.length;
    expect(written({ ...last })).toBe(0);
    expect(written({ ...last, at: 11 })).toBe(1);
    expect(written({ ...last, outcome: 'bounced' })).toBe(1);
    expect(written({ ...last, reply: '451 Later' })).toBe(1);
  });

  it('asks for the last attempt only if there was one', () => {
    const asked: number[] = [];
    const stored = message([recipient('queued'), recipient('deferred', { attempts: 2 })]);
    settleMessage(stored, LEASE, [settlement(0, 'deferred'), settlement(1, 'deferred')], true, (position) => {
      asked.push(position);
      return attempt('deferred', 1);
    });
    expect(asked).toEqual([1]);
  });

  it('counts the attempt, and is due at its time if it is deferred', () => {
    const stored = message([0, 1, 2].map((attempts) => recipient('deferred', { attempts })));
    const outcomes = [
      settlement(0, 'deferred', { nextAttemptAt: 50 }),
      settlement(1, 'deferred'),
      settlement(2, 'bounced', { nextAttemptAt: 50, block: true }),
    ];
    expect(settleMessage(stored, LEASE, outcomes, true, none).changes).toMatchObject([
      { position: 0, status: 'deferred', attempts: 1, nextAttemptAt: 50, block: false },
      { position: 1, status: 'deferred', attempts: 2, nextAttemptAt: 10, block: false },
      { position: 2, status: 'bounced', attempts: 3, nextAttemptAt: null, block: true },
    ]);
  });

  it('notes that a delay is reported, and keeps the note', () => {
    const reported = (before: boolean, report: Settlement['report']): boolean | undefined =>
      settleMessage(
        message([recipient('deferred', { delayReported: before })]),
        LEASE,
        [settlement(0, 'deferred', { report })],
        true,
        none,
      ).changes[0]?.delayReported;
    expect(reported(false, null)).toBe(false);
    expect(reported(false, 'delayed')).toBe(true);
    expect(reported(true, null)).toBe(true);
    expect(reported(false, 'failed')).toBe(false);
  });

  it('of a message without a lease leaves it due at its time', () => {
    const stored = message([recipient('queued'), recipient('deferred', { nextAttemptAt: 30 })], {
      lease: null,
    });
    expect(settleMessage(stored, LEASE, [settlement(0, 'delivered')], false, none).queue).toBe(30);
  });

  it('owes nothing to the null reverse-path', () => {
    const reported = [settlement(0, 'bounced', { report: 'failed' })];
    const owed = (reversePath: string) =>
      settleMessage(message([recipient('queued')], { reversePath }), LEASE, reported, true, none).changes[0]
        ?.report;
    expect([owed('a@example.com'), owed('')]).toEqual(['failed', null]);
  });

  it('drops a notice of delay when the recipient becomes final, unless a newer one takes its place', () => {
    const delayed = message([recipient('deferred', { delayReported: true, attempts: 1 })]);
    const report = (given: Settlement) =>
      settleMessage(delayed, LEASE, [given], true, none).changes[0]?.report;
    expect(report(settlement(0, 'delivered'))).toBe('drop');
    expect(report(settlement(0, 'bounced', { report: 'failed' }))).toBe('failed');
    expect(report(settlement(0, 'deferred'))).toBeNull();
  });

  it('of a recipient that is not there is refused', () => {
    expect(() => settleMessage(message([]), LEASE, [settlement(0, 'delivered')], true, none)).toThrow(
      RangeError,
    );
  });

  // Invariant: the message leaves the queue exactly when nothing waits, and is due when the first recipient is.
  it('frees the message at its earliest time', () => {
    const outcome = fc.constantFrom<Attempt['outcome']>('delivered', 'deferred', 'bounced');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(outcome, fc.integer({ min: 1, max: 99 })), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        (outcomes, finished) => {
          const stored = message(outcomes.map(() => recipient('queued')));
          const settlements = outcomes.map(([each, nextAttemptAt], position) =>
            settlement(position, each, { nextAttemptAt }),
          );
          const times = outcomes.flatMap(([each, time]) => (each === 'deferred' ? [time] : []));
          const { queue } = settleMessage(stored, LEASE, settlements, finished, none);
          expect(queue).toBe(times.length === 0 ? 'remove' : finished ? Math.min(...times) : 'keep');
        },
      ),
    );
  });
});
