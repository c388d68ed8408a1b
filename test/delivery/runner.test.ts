import { describe, expect, it, vi } from 'vitest';
import type { Delivery } from '../../src/delivery/transports/transport.js';
import { StoreError } from '../../src/store/port.js';
import { ModelQueue } from './model-queue.js';
import {
  A,
  B,
  BOUNCED,
  CAPS,
  DEFERRED,
  DELIVERED,
  NOON,
  RETRY,
  RunnerHarness,
  ScriptedTransport,
  UNREACHABLE,
  flood,
  later,
  pass,
  useFakeClock,
} from './runner-harness.js';

const MINUTE = 60_000;

describe('a message on the queue', () => {
  it('is sent at once, whether it was there before or comes in later', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => DELIVERED);
    const harness = new RunnerHarness([far]);
    await pass(1);
    harness.queue.add({ domain: A, to: ['you@x.example'], receivedAt: NOON });
    await pass(1);
    expect(far.tried).toEqual(['you@x.example']);
    expect(harness.queue.recipients).toMatchObject([{ status: 'delivered' }]);
    expect(harness.notifications).toEqual(['1/0 delivered: 250 2.0.0 Ok']);
    await pass(72 * 60 * MINUTE);
    expect(far.shipments).toHaveLength(1);
  });

  it('goes in one shipment to each destination, and each recipient is settled as soon as its outcome is known', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', ({ forwardPath }) => {
      if (forwardPath === 'c@y.example') return later(30_000, DEFERRED);
      return forwardPath.startsWith('b') ? BOUNCED : DELIVERED;
    });
    const harness = new RunnerHarness([far]);
    harness.queue.add({ domain: A, to: ['a@x.example', 'c@y.example', 'b@x.example'], receivedAt: NOON });
    await pass(1_000);
    expect(far.shipments.map(({ recipients }) => recipients.map(({ position }) => position))).toEqual([
      [0, 2],
      [1],
    ]);
    expect(harness.queue.recipients.map(({ status }) => status)).toEqual(['delivered', 'queued', 'bounced']);
    await pass(30_000);
    expect(harness.queue.recipients.map(({ status }) => status)).toEqual([
      'delivered',
      'deferred',
      'bounced',
    ]);
    far.behave = () => DELIVERED;
    await pass(2 * MINUTE);
    expect(far.tried).toEqual(['a@x.example', 'b@x.example', 'c@y.example', 'c@y.example']);
    expect(harness.queue.recipients[1]).toMatchObject({ status: 'delivered' });
  });

  it('is tried again when it is due, even if nothing else wakes the runner', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => later(100, DEFERRED));
    const harness = new RunnerHarness([far], undefined, { retry: { ...RETRY, base: 1_000 } });
    flood(harness.queue, A, 2, 'x.example');
    // Gaps of 1, 2, 4, 8 and 16 seconds, each with the time of a try.
    await pass(32_500);
    expect(far.shipments).toHaveLength(2 * 6);
  });

  it('is tried again by the schedule, then returned with the last reply', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => DEFERRED);
    const harness = new RunnerHarness([far]);
    harness.queue.add({ domain: A, to: ['you@x.example'], receivedAt: NOON });
    await pass(49 * 60 * MINUTE);
    const [recipient] = harness.queue.recipients;
    expect(recipient?.status).toBe('bounced');
    expect(recipient?.report).toBe('failed');
    expect(recipient?.attempts.at(-1)).toMatchObject({
      at: NOON + 48 * 60 * MINUTE,
      reply: '5.4.7 Delivery time expired; the last try came to: 451 4.3.0 Later',
    });
    expect(recipient?.attempts.slice(0, 4).map(({ at }) => (at - NOON) / MINUTE)).toEqual([0, 1, 3, 7]);
  });

  it('waits for its release, and no longer than its sender allows', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => DELIVERED);
    const harness = new RunnerHarness([far]);
    harness.queue.add({
      domain: A,
      to: ['later@x.example'],
      receivedAt: NOON,
      terms: { releaseAt: NOON + 10 * MINUTE },
    });
    harness.queue.add({
      domain: A,
      to: ['never@x.example'],
      receivedAt: NOON,
      terms: {
        releaseAt: NOON + 5 * MINUTE,
        deliverBy: { time: NOON + 5 * MINUTE, otherwise: 'return', trace: false },
      },
    });
    await pass(10 * MINUTE - 1);
    expect(far.tried).toEqual([]);
    expect(harness.queue.recipients[1]).toMatchObject({ status: 'bounced', report: 'failed' });
    await pass(2);
    expect(far.tried).toEqual(['later@x.example']);
  });

  it('is tried again in one shipment for recipients that were deferred together', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => DEFERRED);
    let turn = 0;
    const harness = new RunnerHarness([far], undefined, { random: () => (turn++ % 10) / 10 });
    harness.queue.add({ domain: A, to: ['1@x.example', '2@x.example', '3@x.example'], receivedAt: NOON });
    await pass(4 * MINUTE);
    expect(far.shipments.map(({ recipients }) => recipients.length)).toEqual([3, 3, 3]);
  });

  it('has a key that is the same for every try and every part of it, and for no other message', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => DEFERRED);
    const harness = new RunnerHarness([far]);
    harness.queue.add({ domain: A, to: ['1@x.example', '2@y.example'], receivedAt: NOON });
    harness.queue.add({ domain: A, to: ['3@x.example'], receivedAt: NOON });
    await pass(2 * MINUTE);
    const keys = new Map<string, Set<string>>();
    for (const { recipients, idempotencyKey } of far.shipments) {
      const to = recipients[0]?.forwardPath ?? '';
      keys.set(to, (keys.get(to) ?? new Set()).add(idempotencyKey));
    }
    expect([...keys.values()].map(({ size }) => size)).toEqual([1, 1, 1]);
    const [one, two, three] = [...keys.values()].flatMap((set) => [...set]);
    expect(two).toBe(one);
    expect(three).not.toBe(one);
  });
});

describe('a store that fails while a transport reads the content', () => {
  const FAILED =
    '4.3.0 Failed in this server, not in the remote one: the content of the message could not be read';

  /** Runs with content that fails as long as `failing` is true, and a transport that reads it as an SMTP client does. */
  function stageOf(wrap: (error: unknown) => Delivery['outcome'] | null) {
    const state = { failing: true, reads: [] as number[] };
    const far = new ScriptedTransport('far', async ({ forwardPath }, shipment) => {
      if (forwardPath.startsWith('unknown')) return BOUNCED;
      try {
        for await (const _ of shipment.content());
        return DELIVERED;
      } catch (error) {
        if (wrap(error) === null) throw error;
        return { ...UNREACHABLE, reply: 'far.example closed the connection' };
      }
    });
    const harness = new RunnerHarness([far, new ScriptedTransport('second', () => DELIVERED)], undefined, {
      outgoingOf: () => ({
        size: 2,
        async *content() {
          state.reads.push((Date.now() - NOON) / MINUTE);
          if (state.failing) throw new StoreError('failed', 'EIO: i/o error, read');
          yield Buffer.from('\r\n');
        },
      }),
    });
    return { far, harness, state };
  }

  it.each([
    ['calls it a failed connection', () => 'deferred' as const],
    ['throws it', () => null],
  ])('defers the message as its own failure if the transport %s', async (_, wrap) => {
    useFakeClock();
    const { far, harness, state } = stageOf(wrap);
    harness.queue.add({ domain: A, to: ['you@x.example'], receivedAt: NOON });
    await pass(30 * MINUTE);
    const failed = { outcome: 'deferred', remoteHost: null, tls: null, reply: FAILED };
    expect(harness.queue.recipients).toMatchObject([
      { status: 'deferred', attempts: [failed, failed, failed, failed, failed] },
    ]);
    // The gaps are those of the schedule, and the log has one line.
    expect(state.reads).toEqual([0, 1, 3, 7, 15]);
    expect(harness.notifications).toEqual(['1 cannot be read: EIO: i/o error, read']);
    state.failing = false;
    await pass(MINUTE);
    expect(harness.queue.recipients).toMatchObject([{ status: 'delivered' }]);
    // The other transport is not tried, and the destination is in order.
    expect(far.tried).toHaveLength(6);
    expect(harness.notifications.slice(1)).toEqual(['1/0 delivered: 250 2.0.0 Ok']);
  });

  it('is logged once for each message', async () => {
    useFakeClock();
    const { harness, state } = stageOf(() => 'deferred');
    for (const to of [['1@x.example', '2@y.example'], ['3@x.example']]) {
      harness.queue.add({ domain: A, to, receivedAt: NOON });
    }
    await pass(20 * MINUTE);
    expect(harness.notifications).toEqual([
      '1 cannot be read: EIO: i/o error, read',
      '2 cannot be read: EIO: i/o error, read',
    ]);
    expect(state.reads).toHaveLength(3 * 5);
  });

  it('returns the message when its time is over', async () => {
    useFakeClock();
    const { harness } = stageOf(() => 'deferred');
    harness.queue.add({ domain: A, to: ['you@x.example'], receivedAt: NOON });
    await pass(49 * 60 * MINUTE);
    const [recipient] = harness.queue.recipients;
    expect(recipient).toMatchObject({ status: 'bounced', report: 'failed', blocked: false });
    expect(recipient?.attempts.at(-1)?.reply).toBe(
      `5.4.7 Delivery time expired; the last try came to: ${FAILED}`,
    );
    expect(recipient?.attempts.length).toBeLessThan(40);
  });

  it('keeps what the remote server said of other recipients', async () => {
    useFakeClock();
    const { harness, state } = stageOf(() => 'deferred');
    harness.queue.add({ domain: A, to: ['you@x.example', 'unknown@x.example'], receivedAt: NOON });
    await pass(30_000);
    expect(harness.queue.recipients).toMatchObject([
      { status: 'deferred', attempts: [{ reply: FAILED }] },
      { status: 'bounced', attempts: [{ reply: '550 5.1.1 Who?' }] },
    ]);
    state.failing = false;
    await pass(MINUTE);
    expect(harness.queue.recipients[0]).toMatchObject({ status: 'delivered' });
  });

  it('is the same if it fails while the message is signed', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => DELIVERED);
    const harness = new RunnerHarness([far], undefined, {
      outgoingOf: async () => {
        throw new StoreError('failed', 'EIO: i/o error, read');
      },
    });
    harness.queue.add({ domain: A, to: ['you@x.example'], receivedAt: NOON });
    await pass(10 * MINUTE);
    expect(harness.queue.recipients).toMatchObject([{ status: 'deferred', attempts: { length: 4 } }]);
    expect(harness.notifications).toEqual(['1 cannot be read: EIO: i/o error, read']);
  });
});

describe('caps and turns', () => {
  it('are never exceeded, and are used in full', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => later(1_000, DELIVERED));
    const harness = new RunnerHarness([far]);
    for (const host of ['x.example', 'y.example', 'z.example']) {
      flood(harness.queue, A, 40, host);
      flood(harness.queue, B, 40, host);
    }
    await pass(120_000);
    expect(harness.statuses).toEqual({ delivered: 240 });
    expect(far.most).toBe(CAPS.workers);
    for (const host of ['x', 'y', 'z']) expect(far.mostOf.get(`${host}.example`)).toBe(CAPS.perDestination);
    expect(far.mostOf.get('from a.example')).toBeLessThanOrEqual(CAPS.perDomain);
    expect(far.mostOf.get('from b.example')).toBeLessThanOrEqual(CAPS.perDomain);
  });

  it('let a single message of one domain pass many of another, to the same destination and to others', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => later(1_000, DELIVERED));
    const harness = new RunnerHarness([far]);
    flood(harness.queue, A, 1_000, 'x.example');
    await pass(10_000);
    const before = far.shipments.length;
    harness.queue.add({ domain: B, to: ['same@x.example'], receivedAt: Date.now() });
    harness.queue.add({ domain: B, to: ['other@y.example'], receivedAt: Date.now() });
    await pass(2_500);
    const next = far.tried.slice(before);
    expect(next).toContain('same@x.example');
    expect(next).toContain('other@y.example');
    expect(next.indexOf('same@x.example')).toBeLessThan(2 * CAPS.perDestination + 1);
  });

  it('let mail pass mail of the same domain to a destination that accepts none', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', ({ forwardPath }) =>
      forwardPath.endsWith('slow.example') ? later(10 * MINUTE, DELIVERED) : DELIVERED,
    );
    const harness = new RunnerHarness([far]);
    flood(harness.queue, A, 800, 'slow.example');
    await pass(1_000);
    harness.queue.add({ domain: A, to: ['you@x.example'], receivedAt: Date.now() });
    // Messages give way only as far as room is needed, so the queue is searched step by step.
    await pass(2 * MINUTE);
    expect(far.tried).toContain('you@x.example');
    expect(harness.queue.calls.giveBack).toBeGreaterThan(0);
    expect(far.mostOf.get('slow.example')).toBeLessThanOrEqual(CAPS.perDestination);
  });
});

describe('the record of attempts that begin', () => {
  const caps = { ...CAPS, perDestination: 2 };

  it('is made before each attempt, in one call for those that come next as well', async () => {
    useFakeClock();
    const queue = new ModelQueue();
    const recorded = new Set<number>();
    const begin = vi.spyOn(queue, 'begin').mockImplementation(async (leases) => {
      for (const { id } of leases) recorded.add(id);
    });
    const far = new ScriptedTransport('far', () => later(100, DELIVERED));
    const harness = new RunnerHarness([far], queue, { caps });
    flood(queue, A, 60, 'x.example');
    await pass(4_000);
    expect(harness.statuses).toEqual({ delivered: 60 });
    expect(far.shipments.filter(({ id }) => !recorded.has(id))).toEqual([]);
    expect(begin.mock.calls.length).toBeLessThanOrEqual(3);
  });

  it('has only what is under way while a message that may have ended the server is about', async () => {
    useFakeClock();
    const queue = new ModelQueue();
    flood(queue, A, 1, 'y.example');
    await queue.begin(await queue.lease({ now: NOON, until: NOON + 1, limit: 1, perDomain: 1 }));
    queue.dropLeases();
    const begin = vi.spyOn(queue, 'begin');
    flood(queue, A, 60, 'x.example');
    const far = new ScriptedTransport('far', () => new Promise(() => undefined));
    new RunnerHarness([far], queue, { caps });
    await pass(1_000);
    expect(far.shipments).toHaveLength(2);
    expect(begin.mock.calls.flatMap(([leases]) => leases)).toHaveLength(2);
  });
});

describe('a server that stood still for so long that others took over', () => {
  const caps = { ...CAPS, perDestination: 2 };

  /** A runner with 20 messages, two of which are under way and end a second later. */
  async function underWay(): Promise<{ queue: ModelQueue; far: ScriptedTransport; harness: RunnerHarness }> {
    useFakeClock();
    const queue = new ModelQueue();
    flood(queue, A, 20, 'x.example');
    const far = new ScriptedTransport('far', () => later(1_000, DELIVERED));
    const harness = new RunnerHarness([far], queue, { caps });
    await pass(10);
    expect(far.shipments).toHaveLength(2);
    return { queue, far, harness };
  }

  it('sends nothing that they have, records what was under way, and goes on with what it still has', async () => {
    const { queue, far, harness } = await underWay();
    queue.standStill(Array.from({ length: 15 }, () => 'leases'));
    await pass(1_500);
    expect(harness.statuses).toEqual({ delivered: 2, queued: 18 });
    expect(far.shipments.slice(2, 4).map(({ id }) => id)).toEqual([16, 17]);
    await pass(10_000);
    expect(far.shipments).toHaveLength(2 + 5);
    expect(harness.runner.inHand).toBe(0);
    // The other server gives up, too.
    await pass(2 * MINUTE);
    expect(harness.statuses).toEqual({ delivered: 20 });
    expect(new Set(far.tried).size).toBe(20);
    expect(far.tried).toHaveLength(20);
  });

  it('asks with two calls, and with none if it did not stand still', async () => {
    const { queue, far } = await underWay();
    await pass(5_000);
    expect(queue.calls.renew).toBe(0);
    queue.standStill(['leases']);
    await pass(20_000);
    // The first call lets the store hear of the server; only what holds after that counts.
    expect(queue.calls.renew).toBe(2);
    expect(far.shipments).toHaveLength(20);
  });

  it('sends nothing until the store answers', async () => {
    const { queue, far, harness } = await underWay();
    queue.broken.add('renew');
    queue.standStill();
    await pass(MINUTE);
    expect(far.shipments).toHaveLength(2);
    expect(harness.statuses).toEqual({ delivered: 2, queued: 18 });
    queue.broken.clear();
    await pass(MINUTE);
    expect(harness.statuses).toEqual({ delivered: 20 });
    expect(far.tried).toHaveLength(20);
  });

  it('does not send what was about to start', async () => {
    useFakeClock();
    const queue = new ModelQueue();
    vi.spyOn(queue, 'begin').mockImplementationOnce(
      () => new Promise((resolve) => setTimeout(resolve, 1_000)),
    );
    const far = new ScriptedTransport('far', () => DELIVERED);
    new RunnerHarness([far], queue);
    flood(queue, A, 2, 'x.example');
    await pass(500);
    queue.standStill(['leases']);
    await pass(10_000);
    expect(far.tried).toEqual(['a.example-1@x.example']);
  });

  it('says so to the transport, whose "not now" counts as no try', async () => {
    useFakeClock();
    const queue = new ModelQueue();
    const held: (boolean | undefined)[] = [];
    const far = new ScriptedTransport('far', async (_, { isHeld }) => {
      held.push(isHeld?.());
      await later(1_000, DELIVERED);
      held.push(isHeld?.());
      return held.at(-1) === true ? DELIVERED : DEFERRED;
    });
    const harness = new RunnerHarness([far], queue);
    queue.add({ domain: A, to: ['to@x.example'], receivedAt: NOON });
    await pass(500);
    queue.standStill();
    await pass(5_000);
    expect(held).toEqual([true, false, true, true]);
    expect(harness.statuses).toEqual({ delivered: 1 });
    expect(queue.recipients[0]?.attempts).toHaveLength(1);
  });

  it('leases again what another server gave back, and does not send what that one has sent', async () => {
    useFakeClock();
    const queue = new ModelQueue();
    queue.add({ domain: A, to: ['1@x.example'], receivedAt: NOON });
    queue.add({ domain: A, to: ['2@x.example', '3@x.example'], receivedAt: NOON });
    const far = new ScriptedTransport('far', () => later(1_000, DELIVERED));
    const harness = new RunnerHarness([far], queue, { caps: { ...CAPS, perDestination: 1 } });
    await pass(10);
    queue.standStill(['nothing', 'delivers']);
    // The loop leases it before the runner looks at its leases.
    queue.add({ domain: A, to: ['4@x.example'], receivedAt: NOON });
    await pass(10_000);
    expect(far.tried.sort()).toEqual(['1@x.example', '3@x.example', '4@x.example']);
    expect(harness.statuses).toEqual({ delivered: 4 });
  });

  it('gives up messages that wait after a crash', async () => {
    useFakeClock();
    const queue = new ModelQueue();
    flood(queue, A, 1, 'x.example');
    await queue.begin(await queue.lease({ now: NOON, until: NOON + 1, limit: 1, perDomain: 1 }));
    queue.dropLeases();
    const far = new ScriptedTransport('far', () => DELIVERED);
    const harness = new RunnerHarness([far], queue);
    await pass(10_000);
    expect(harness.runner.inHand).toBe(1);
    queue.standStill(['leases']);
    flood(queue, A, 1, 'y.example');
    await pass(1_000);
    expect(harness.runner.inHand).toBe(0);
    expect(far.tried).toEqual(['a.example-0@y.example']);
  });
});

describe('a destination that is out of order', () => {
  it('costs a handful of tries, however much mail waits for it, and one line of the log', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => later(100, UNREACHABLE));
    const harness = new RunnerHarness([far]);
    flood(harness.queue, A, 600, 'x.example');
    await pass(10_000);
    expect(far.shipments.length).toBeLessThanOrEqual(10);
    expect(harness.statuses).toEqual({ deferred: 600 });
    expect(new Set(harness.queue.recipients.map(({ attempts }) => attempts.at(-1)?.reply))).toEqual(
      new Set(['no route to host']),
    );
    expect(harness.notifications).toEqual(['x.example is out of order: no route to host']);
    await pass(30 * MINUTE);
    expect(far.shipments.length).toBeLessThanOrEqual(20);
    expect(harness.notifications).toHaveLength(1);
    far.behave = () => DELIVERED;
    await pass(130 * MINUTE);
    expect(harness.statuses).toEqual({ delivered: 600 });
    expect(harness.notifications[1]).toBe('x.example works again');
  });

  it('logs one line at the first failure, and nothing about retries', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => UNREACHABLE);
    const harness = new RunnerHarness([far]);
    flood(harness.queue, A, 1, 'x.example');
    await pass(20 * MINUTE);
    expect(far.shipments.length).toBeGreaterThan(2);
    expect(harness.notifications).toEqual(['x.example is out of order: no route to host']);
    far.behave = () => DELIVERED;
    await pass(60 * MINUTE);
    expect(harness.notifications.slice(1)).toEqual(['x.example works again', '1/0 delivered: 250 2.0.0 Ok']);
  });

  it('logs one line as well if its answers cannot be parsed; but no other transport is tried', async () => {
    useFakeClock();
    const garbled = { outcome: 'deferred', reply: 'no JSON', general: true } as const;
    const [far, other] = [
      new ScriptedTransport('far', () => garbled),
      new ScriptedTransport('other', () => DELIVERED),
    ];
    const harness = new RunnerHarness([far, other]);
    flood(harness.queue, A, 100, 'x.example');
    await pass(100 * MINUTE);
    expect(harness.notifications).toEqual(['x.example is out of order: no JSON']);
    expect(harness.statuses).toEqual({ deferred: 100 });
    expect(other.shipments).toEqual([]);
  });

  it('is tried when an operator asks for it: once for each message, and for all messages if one succeeds', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => later(100, UNREACHABLE));
    const harness = new RunnerHarness([far]);
    flood(harness.queue, A, 100, 'x.example');
    await pass(30 * MINUTE);
    const before = far.shipments.length;
    const ids = [...harness.queue.messages.keys()].slice(-3);
    for (const id of ids) await harness.queue.retry(id, Date.now());
    await pass(1_000);
    expect(far.shipments.slice(before).map(({ id }) => id)).toEqual(ids);
    far.behave = () => DELIVERED;
    await harness.queue.retry(1, Date.now());
    await pass(1_000);
    expect(harness.queue.messages.get(1)?.recipients).toMatchObject([{ status: 'delivered' }]);
    expect(harness.notifications[1]).toBe('x.example works again');
  });

  it('is not tried as long as its Retry-After asks, for all messages; no other transport is tried', async () => {
    useFakeClock();
    const busy = { outcome: 'deferred', reply: '429 slow', general: true, retryAfter: 5 * MINUTE } as const;
    const [far, other] = [
      new ScriptedTransport('far', () => later(100, busy)),
      new ScriptedTransport('other', () => DELIVERED),
    ];
    const harness = new RunnerHarness([far, other]);
    flood(harness.queue, A, 300, 'x.example');
    await pass(5 * MINUTE);
    expect(far.shipments.length).toBeLessThanOrEqual(5);
    expect(harness.statuses).toEqual({ deferred: 300 });
    far.behave = () => DELIVERED;
    await pass(130 * MINUTE);
    expect(harness.statuses).toEqual({ delivered: 300 });
    expect(harness.notifications.slice(0, 2)).toEqual([
      'x.example is out of order: 429 slow',
      'x.example works again',
    ]);
    expect(other.shipments).toEqual([]);
  });

  it('keeps leased messages waiting if its Retry-After is short, and they go on after it', async () => {
    useFakeClock();
    const busy = { outcome: 'deferred', reply: '429 slow', general: true, retryAfter: 1_000 } as const;
    const far: ScriptedTransport = new ScriptedTransport('far', () =>
      later(100, far.shipments.length % 20 === 0 && far.shipments.length <= 200 ? busy : DELIVERED),
    );
    const harness = new RunnerHarness([far]);
    flood(harness.queue, A, 200, 'x.example');
    await pass(900);
    const before = far.shipments.length;
    await pass(50 * 1_000);
    expect(far.shipments).toHaveLength(200);
    expect(before).toBeLessThan(40);
    expect(harness.statuses).toEqual({ deferred: 10, delivered: 190 });
  });

  it('does not hold up mail for other destinations', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', ({ forwardPath }) =>
      forwardPath.endsWith('x.example') ? UNREACHABLE : DELIVERED,
    );
    const harness = new RunnerHarness([far]);
    flood(harness.queue, A, 50, 'x.example');
    flood(harness.queue, A, 50, 'y.example');
    await pass(1_000);
    expect(harness.statuses).toEqual({ deferred: 50, delivered: 50 });
  });

  it('is skipped at once if there is another transport', async () => {
    useFakeClock();
    const first = new ScriptedTransport('first', () => UNREACHABLE);
    const second = new ScriptedTransport('second', () => DELIVERED);
    const harness = new RunnerHarness([first, second]);
    flood(harness.queue, A, 100, 'x.example');
    await pass(1_000);
    expect(harness.statuses).toEqual({ delivered: 100 });
    expect(first.shipments.length).toBeLessThanOrEqual(10);
    expect(second.shipments).toHaveLength(100);
  });

  it('is skipped for messages that the transport failed, not for those that the remote server deferred', async () => {
    useFakeClock();
    const first = new ScriptedTransport('first', ({ forwardPath }) =>
      forwardPath.startsWith('a') ? UNREACHABLE : DEFERRED,
    );
    const second = new ScriptedTransport('second', () => BOUNCED);
    const harness = new RunnerHarness([first, second]);
    harness.queue.add({ domain: A, to: ['a@x.example', 'b@x.example'], receivedAt: NOON });
    await pass(1_000);
    expect(second.tried).toEqual(['a@x.example']);
    expect(harness.queue.recipients.map(({ status }) => status)).toEqual(['bounced', 'deferred']);
  });

  it('of every transport leaves the message waiting with the reason', async () => {
    useFakeClock();
    const ways = ['first', 'second'].map(
      (name) => new ScriptedTransport(name, () => ({ ...UNREACHABLE, reply: `${name} is down` })),
    );
    const harness = new RunnerHarness(ways);
    harness.queue.add({ domain: A, to: ['you@x.example'], receivedAt: NOON });
    await pass(1_000);
    expect(harness.queue.recipients[0]).toMatchObject({
      status: 'deferred',
      attempts: [{ reply: 'second is down' }],
    });
  });
});

describe('faults', () => {
  it('defers the recipient if a transport rejects or returns no result', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', async () => {
      throw new Error('cannot read properties of undefined');
    });
    const mute = new ScriptedTransport('mute', () => DELIVERED);
    mute.send = async () => [];
    const harness = new RunnerHarness([far]);
    const other = new RunnerHarness([mute]);
    for (const { queue } of [harness, other]) {
      queue.add({ domain: A, to: ['you@x.example'], receivedAt: NOON });
    }
    await pass(1_000);
    expect(harness.queue.recipients[0]).toMatchObject({ status: 'deferred', nextAttemptAt: NOON + MINUTE });
    expect(other.queue.recipients[0]).toMatchObject({ status: 'deferred', nextAttemptAt: NOON + MINUTE });
    expect(harness.notifications[0]).toBe('far failed: cannot read properties of undefined');
    expect(other.notifications[0]).toBe('mute failed: mute did not say what became of every recipient');
  });

  it('names the reason if there is no transport at all', async () => {
    useFakeClock();
    const harness = new RunnerHarness([]);
    harness.queue.add({ domain: A, to: ['you@x.example'], receivedAt: NOON });
    await pass(1_000);
    expect(harness.queue.recipients[0]?.attempts[0]?.reply).toMatch(/^No transport is configured/);
    expect(harness.notifications).toHaveLength(1);
  });

  it('keeps outcomes that the store does not take, and sends no mail twice', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => DELIVERED);
    const harness = new RunnerHarness([far]);
    harness.queue.broken.add('settle');
    flood(harness.queue, A, 20, 'x.example');
    // Longer than the lease: the runner gets the messages again.
    await pass(60 * MINUTE);
    expect(far.shipments).toHaveLength(20);
    expect(harness.statuses).toEqual({ queued: 20 });
    expect(harness.notifications.filter((line) => line.startsWith('the store'))).toHaveLength(1);
    expect(harness.queue.calls.settle).toBeLessThan(20 * 140);
    harness.queue.broken.clear();
    await pass(MINUTE);
    expect(harness.statuses).toEqual({ delivered: 20 });
    expect(far.shipments).toHaveLength(20);
  });

  it('gives messages back once the store takes them, before their lease runs out', async () => {
    useFakeClock();
    const busy = new ScriptedTransport('far', () => later(MINUTE, DELIVERED));
    const harness = new RunnerHarness([busy]);
    flood(harness.queue, A, 50, 'x.example');
    await pass(1_000);
    harness.queue.broken.add('giveBack');
    const stopped = harness.runner.stop(2 * MINUTE);
    await pass(10_000);
    expect(harness.notifications.filter((line) => line.startsWith('the store'))).toHaveLength(1);
    harness.queue.broken.clear();
    await pass(MINUTE);
    await stopped;
    expect([...harness.queue.messages.values()].filter(({ lease }) => lease !== null)).toEqual([]);
  });

  it('delivers mail that was leased again while it could not be given back', async () => {
    useFakeClock();
    let open = false;
    const busy = new ScriptedTransport('busy', () => (open ? DELIVERED : later(90 * MINUTE, DELIVERED)));
    const harness = new RunnerHarness([busy]);
    flood(harness.queue, A, 50, 'x.example');
    harness.queue.broken.add('giveBack');
    // Longer than the lease: messages that found no room are leased to the same server again.
    await pass(60 * MINUTE);
    open = true;
    harness.queue.broken.clear();
    await pass(12 * 60 * MINUTE);
    expect(harness.statuses).toEqual({ delivered: 50 });
    expect(busy.shipments).toHaveLength(50);
  });

  it('counts outcomes under the new lease if the old one ran out unnoticed', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => later(2_000, DEFERRED));
    const harness = new RunnerHarness([far]);
    harness.queue.add({ domain: A, to: ['you@x.example'], receivedAt: NOON });
    await pass(1_000);
    // The clock is put forward by a day.
    vi.setSystemTime(NOON + 24 * 60 * MINUTE);
    harness.queue.add({ domain: A, to: ['me@x.example'], receivedAt: Date.now() });
    await pass(1_500);
    expect(far.tried).toEqual(['you@x.example', 'me@x.example']);
    expect(harness.queue.recipients[0]).toMatchObject({ status: 'deferred', attempts: [{}] });
    expect(harness.queue.messages.get(1)?.lease).toBeNull();
  });

  it.each(['lease', 'nextDue'] as const)(
    'asks a store that fails at %s again, but not all the time',
    async (call) => {
      useFakeClock();
      const far = new ScriptedTransport('far', () => DELIVERED);
      const harness = new RunnerHarness([far]);
      await pass(10);
      harness.queue.broken.add(call);
      harness.queue.add({ domain: A, to: ['you@x.example'], receivedAt: NOON });
      await pass(10 * MINUTE);
      expect(harness.queue.calls[call]).toBeLessThan(40);
      expect(harness.notifications.filter((line) => line.startsWith('the store'))).toHaveLength(1);
      harness.queue.broken.clear();
      await pass(MINUTE);
      expect(harness.statuses).toEqual({ delivered: 1 });
    },
  );

  it('polls only now and then if the queue says that something is due and gives nothing', async () => {
    useFakeClock();
    const harness = new RunnerHarness([new ScriptedTransport('far', () => DELIVERED)]);
    harness.queue.nextDue = async () => {
      harness.queue.calls.nextDue++;
      return Date.now() - 1;
    };
    await pass(MINUTE + 1);
    expect(harness.queue.calls.nextDue).toBeLessThan(400);
  });

  it('wakes after the longest sleep at the latest if the clock is put back', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => DELIVERED);
    const harness = new RunnerHarness([far]);
    await pass(10);
    vi.setSystemTime(NOON - 24 * 60 * MINUTE);
    harness.queue.add({ domain: A, to: ['you@x.example'], receivedAt: Date.now() });
    await pass(MINUTE);
    expect(far.tried).toEqual(['you@x.example']);
  });
});

describe('a stop', () => {
  it('begins nothing, waits for messages under way, and gives the others back unchanged', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => later(5_000, DELIVERED));
    const harness = new RunnerHarness([far]);
    flood(harness.queue, A, 100, 'x.example');
    await pass(1_000);
    const under = far.shipments.length;
    const stopped = harness.runner.stop(30_000);
    await pass(4_500);
    await stopped;
    expect(far.shipments).toHaveLength(under);
    expect(harness.statuses).toEqual({ delivered: under, queued: 100 - under });
    expect([...harness.queue.messages.values()].filter(({ lease }) => lease !== null)).toEqual([]);
    expect(harness.queue.recipients.filter(({ status }) => status === 'queued')[0]).toMatchObject({
      attempts: [],
      nextAttemptAt: NOON + 1_000,
    });
  });

  it('waits no longer than its grace', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => later(3_600_000, DELIVERED));
    const harness = new RunnerHarness([far]);
    flood(harness.queue, A, 2, 'x.example');
    await pass(1_000);
    let over = false;
    void harness.runner.stop(30_000).then(() => (over = true));
    await pass(29_000);
    expect(over).toBe(false);
    await pass(1_001);
    expect(over).toBe(true);
  });

  it('does not count a "not now" of a transport that is stopping as a try', async () => {
    useFakeClock();
    const far = new ScriptedTransport('far', () => later(1_000, DEFERRED));
    const harness = new RunnerHarness([far]);
    harness.queue.add({ domain: A, to: ['1@x.example', '2@x.example'], receivedAt: NOON });
    await pass(500);
    const stopped = harness.runner.stop(30_000);
    await pass(1_000);
    await stopped;
    expect(harness.statuses).toEqual({ queued: 2 });
    expect(harness.queue.messages.get(1)?.lease).toBeNull();
  });
});
