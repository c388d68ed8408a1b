import { describe, expect, it } from 'vitest';
import type { RetryPolicy } from '../../src/delivery/queue/schedule.js';
import { keptReply, settlementOf, timedOutSettlement } from '../../src/delivery/queue/settlement.js';
import type { Delivery } from '../../src/delivery/transports/transport.js';
import type { DeliverBy, NotifyEvent } from '../../src/store/port.js';
import type { Lease } from '../../src/store/queue.js';
import { ModelQueue } from './model-queue.js';

const HOUR = 3_600_000;
const POLICY: RetryPolicy = { base: 60_000, max: 2 * HOUR, expireAfter: 48 * HOUR, delayAfter: 4 * HOUR };

interface Case {
  readonly delivery: Partial<Delivery>;
  readonly now?: number;
  readonly reversePath?: string;
  readonly notify?: readonly NotifyEvent[] | null;
  readonly deliverBy?: DeliverBy;
  readonly delayReported?: boolean;
}

async function settled({ delivery, now = 0, notify = null, delayReported = false, ...message }: Case) {
  const lease = await leaseOf({ notify, ...message });
  const recipient = lease.recipients.map((recipient) => ({ ...recipient, delayReported }))[0];
  if (recipient === undefined) throw new Error('nobody is due');
  const whole: Delivery = {
    position: 0,
    outcome: 'delivered',
    reply: '250 2.0.0 Ok',
    enhancedCode: null,
    remoteHost: 'mx.example.net',
    tls: 'TLSv1.3 X',
    ...delivery,
  };
  return settlementOf(POLICY, lease, recipient, whole, { now, chance: 0 });
}

async function leaseOf({
  deliverBy,
  ...message
}: Pick<Case, 'reversePath' | 'notify' | 'deliverBy'>): Promise<Lease> {
  const queue = new ModelQueue();
  queue.add({
    domain: { id: 1, name: 'example.com', createdAt: 0 },
    to: ['you@example.net'],
    receivedAt: 0,
    terms: { deliverBy: deliverBy ?? null },
    ...message,
  });
  const [lease] = await queue.lease({ now: 0, until: 1, limit: 1, perDomain: 1 });
  if (lease === undefined) throw new Error('nothing is due');
  return lease;
}

const deferred = { outcome: 'deferred', reply: '451 4.3.0 Later' } as const;
const bounced = { outcome: 'bounced', reply: '550 5.1.1 Who?' } as const;

describe('the settlement of a recipient', () => {
  it('keeps one attempt, with the reply as it came', async () => {
    expect(await settled({ delivery: {}, now: 5 })).toEqual({
      position: 0,
      attempt: {
        at: 5,
        outcome: 'delivered',
        remoteHost: 'mx.example.net',
        reply: '250 2.0.0 Ok',
        tls: 'TLSv1.3 X',
      },
      nextAttemptAt: null,
      report: null,
      block: false,
    });
  });

  it('sets another try until the time is up, then a bounce with the last reply', async () => {
    expect(await settled({ delivery: deferred })).toMatchObject({
      attempt: { outcome: 'deferred', reply: '451 4.3.0 Later' },
      nextAttemptAt: 60_000,
      report: null,
    });
    const last = await settled({ delivery: deferred, now: 48 * HOUR });
    expect(last).toMatchObject({
      attempt: {
        outcome: 'bounced',
        reply: '5.4.7 Delivery time expired; the last try came to: 451 4.3.0 Later',
      },
      nextAttemptAt: null,
      report: 'failed',
      block: false,
    });
  });

  it('blocks an address that is bad, and no other one', async () => {
    expect((await settled({ delivery: { ...bounced, hard: true } })).block).toBe(true);
    expect((await settled({ delivery: bounced })).block).toBe(false);
    expect((await settled({ delivery: { ...deferred, hard: true } })).block).toBe(false);
  });

  it('makes one line without controls, of bounded length', () => {
    expect(keptReply(' 550 a\r\n550-b\u0000\u2028c\u001b[0m ')).toBe('550 a 550-b c [0m');
    expect(keptReply('x'.repeat(1_000))).toHaveLength(1_000);
    expect(keptReply('x'.repeat(1_001))).toBe(`${'x'.repeat(999)}…`);
  });
});

describe('the report to a sender', () => {
  const report = async (what: Case) => (await settled(what)).report;
  const trace: DeliverBy = { time: HOUR, otherwise: 'notify', trace: true };

  it('says a failure, unless the sender wants no report or is the null reverse-path', async () => {
    expect(await report({ delivery: bounced })).toBe('failed');
    expect(await report({ delivery: bounced, notify: ['FAILURE'] })).toBe('failed');
    expect(await report({ delivery: bounced, notify: ['SUCCESS', 'DELAY'] })).toBeNull();
    expect(await report({ delivery: bounced, notify: [] })).toBeNull();
    expect(await report({ delivery: bounced, notify: ['FAILURE'], reversePath: '' })).toBeNull();
  });

  it('says a delay once, if the sender asked for it', async () => {
    const late = { delivery: deferred, now: 4 * HOUR };
    expect(await report({ ...late, notify: ['DELAY'] })).toBe('delayed');
    expect(await report({ ...late, now: 4 * HOUR - 1, notify: ['DELAY'] })).toBeNull();
    expect(await report({ ...late, notify: ['DELAY'], delayReported: true })).toBeNull();
    expect(await report({ ...late, notify: ['DELAY'], reversePath: '' })).toBeNull();
    expect(await report(late)).toBeNull();
    expect(await report({ ...late, notify: ['FAILURE'] })).toBeNull();
  });

  it('says a delay when the time that the sender set has come, unless NOTIFY says otherwise', async () => {
    const late = { delivery: deferred, now: HOUR, deliverBy: { ...trace, trace: false } };
    expect(await report(late)).toBe('delayed');
    expect(await report({ ...late, now: HOUR - 1 })).toBeNull();
    expect(await report({ ...late, notify: ['FAILURE'] })).toBeNull();
    expect(await report({ ...late, notify: [] })).toBeNull();
  });

  it('says a success if the sender asked for it and the next server does not report it', async () => {
    const asked = { delivery: {}, notify: ['SUCCESS'] } as const;
    expect(await report(asked)).toBe('relayed');
    expect(await report({ ...asked, delivery: { remoteHost: null } })).toBe('delivered');
    expect(await report({ ...asked, delivery: { notifies: true } })).toBeNull();
    expect(await report({ ...asked, notify: null })).toBeNull();
    expect(await report({ ...asked, notify: ['FAILURE', 'DELAY'] })).toBeNull();
    expect(await report({ ...asked, reversePath: '' })).toBeNull();
  });

  it('says each server that relays, if the sender asked for a trace', async () => {
    expect(await report({ delivery: { notifies: true }, deliverBy: trace })).toBe('relayed');
    expect(await report({ delivery: {}, deliverBy: trace, notify: [] })).toBeNull();
    expect(await report({ delivery: { remoteHost: null }, deliverBy: trace })).toBeNull();
  });

  it('says that the next server keeps no time, if the sender set one and wants a report', async () => {
    const untraced = { ...trace, trace: false };
    expect(await report({ delivery: {}, deliverBy: untraced })).toBe('relayed');
    expect(await report({ delivery: { notifies: true }, deliverBy: untraced, notify: ['FAILURE'] })).toBe(
      'relayed',
    );
    expect(await report({ delivery: { keepsTime: true }, deliverBy: untraced })).toBeNull();
    expect(await report({ delivery: {}, deliverBy: untraced, notify: [] })).toBeNull();
    expect(await report({ delivery: { remoteHost: null }, deliverBy: untraced })).toBeNull();
    expect(await report({ delivery: {}, deliverBy: { ...untraced, otherwise: 'return' } })).toBeNull();
  });

  it('returns a message that came too late to be tried', async () => {
    const lease = await leaseOf({});
    const [recipient] = lease.recipients;
    if (recipient === undefined) throw new Error('nobody is due');
    expect(timedOutSettlement(lease, recipient, 7)).toMatchObject({
      attempt: { at: 7, outcome: 'bounced', reply: expect.stringMatching(/^5\.4\.7 /) },
      report: 'failed',
      block: false,
    });
  });
});
