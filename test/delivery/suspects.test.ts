/** Tests which messages are suspected after a crash, when each of them starts, and when one is given up. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Suspects, mustGiveUp } from '../../src/delivery/queue/suspects.js';
import { ModelQueue } from './model-queue.js';
import {
  A,
  DELIVERED,
  NOON,
  RunnerHarness,
  ScriptedTransport,
  flood,
  later,
  pass,
  useFakeClock,
} from './runner-harness.js';

const LIMITS = { crashes: 3, quiet: 50, holdUp: 5, trial: 10, aloneFor: 25 };

/** Returns a gate with these messages, each named after its number of crashes. */
function gate(...messages: readonly string[]): Suspects<string> {
  const suspects = new Suspects<string>(LIMITS);
  for (const message of messages) suspects.add(message, Number(message.at(0)));
  return suspects;
}

describe('messages after a crash', () => {
  it('start at once if they were not being attempted', () => {
    expect(gate('0a', '0b').next(0)).toEqual(['0a', '0b']);
  });

  it('wait until the server has lived without them if they were', () => {
    const suspects = gate('1a', '0a', '0b');
    expect(suspects.next(1000)).toEqual(['0a', '0b']);
    expect(suspects.due).toBe(1050);
    suspects.add('0c', 0);
    expect(suspects.next(1049)).toEqual(['0c']);
    expect(suspects.next(1050)).toEqual(['1a']);
  });

  it('start one after the other, in parallel with all other mail', () => {
    const suspects = gate('1a', '1b');
    suspects.next(0);
    suspects.add('0a', 0);
    expect(suspects.next(50)).toEqual(['1a', '0a']);
    expect(suspects.next(51)).toEqual([]);
    suspects.add('0b', 0);
    expect(suspects.next(52)).toEqual(['0b']);
    suspects.ended('1a');
    expect(suspects.next(53)).toEqual(['1b']);
  });

  it('let the next one start if they are slow', () => {
    const suspects = gate('1a', '1b');
    suspects.next(0);
    expect(suspects.next(50)).toEqual(['1a']);
    expect(suspects.due).toBe(55);
    expect(suspects.next(54)).toEqual([]);
    expect(suspects.next(55)).toEqual(['1b']);
  });

  it('hold up all other mail if the next crash condemns them, but not for long', () => {
    const suspects = gate('0a', '2a', '2b', '2c', '2d', '1a');
    expect(suspects.next(0)).toEqual(['2a']);
    suspects.add('0b', 0);
    expect(suspects.next(9)).toEqual([]);
    expect(suspects.next(10)).toEqual(['2b']);
    expect(suspects.next(20)).toEqual(['2c']);
    expect(suspects.due).toBe(25);
    expect(suspects.next(25)).toEqual(['2d', '0a', '0b']);
    expect(suspects.due).toBe(30);
    suspects.ended('2d');
    expect(suspects.next(26)).toEqual([]);
    expect(suspects.next(50)).toEqual(['1a']);
    expect(suspects.due).toBe(Infinity);
  });

  it('hold up others no longer than the limits if the clock is put back', () => {
    const suspects = gate('0a', '2a', '2b', '1a');
    expect(suspects.next(1_000_000)).toEqual(['2a']);
    expect(suspects.next(0)).toEqual([]);
    expect(suspects.due).toBe(10);
    expect(suspects.next(10)).toEqual(['2b']);
    suspects.ended('2b');
    expect(suspects.next(11)).toEqual(['0a']);
    expect(suspects.due).toBe(50);
    expect(suspects.next(50)).toEqual(['1a']);
  });

  it('make room for other mail, apart from those that start soon', () => {
    const suspects = gate('2a', '1a', '1b', '1c', '0a');
    expect(suspects.spare(1)).toEqual(['1b', '1c']);
    expect(suspects.clear()).toEqual(['2a', '1a', '0a']);
  });

  it('are given up after the limit if alone, and after thrice the limit if never', () => {
    const counts = [1, 2, 3, 8, 9];
    expect(counts.map((count) => mustGiveUp({ count, alone: true }, 3))).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
    expect(counts.map((count) => mustGiveUp({ count, alone: false }, 3))).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
    expect(mustGiveUp(undefined, 3)).toBe(false);
  });

  it('all start in the end, each once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2 })), fc.array(fc.nat({ max: 60 })), (crashes, steps) => {
        const messages = crashes.map((count, index) => `${count} ${index}`);
        const suspects = gate(...messages);
        const started: string[] = [];
        let now = 0;
        for (const step of [...steps, ...messages.map(() => 60), 60]) {
          started.push(...suspects.next((now += step)));
          if (step % 2 === 1 && started.length > 0) suspects.ended(started.at(-1) ?? '');
        }
        expect(started.sort()).toEqual(messages.sort());
      }),
    );
  });
});

/** Runs servers over one queue. Each dies as soon as its transport is asked to deliver the message of `culprit`. */
async function live(
  harness: RunnerHarness,
  culprit: string,
  lives: number,
): Promise<{ harness: RunnerHarness; died: number }> {
  let died = 0;
  let current = harness;
  for (let life = 0; life < lives; life++) {
    const { queue } = current;
    const dead = { now: false };
    const far = new ScriptedTransport('far', ({ forwardPath }) => {
      if (forwardPath !== culprit) return later(5, DELIVERED);
      dead.now = true;
      return new Promise(() => undefined);
    });
    current = new RunnerHarness([far], queue);
    for (let waited = 0; waited < 200 && !dead.now; waited++) await pass(1_000);
    if (!dead.now) break;
    died++;
    const ended = current.runner.stop(0);
    await pass(1);
    await ended;
    queue.dropLeases();
  }
  return { harness: current, died };
}

describe('a message that ends the process', () => {
  it('is returned after three crashes, and all other mail is delivered', async () => {
    useFakeClock();
    const first = new RunnerHarness([new ScriptedTransport('far', () => new Promise(() => undefined))]);
    await first.runner.stop(0);
    flood(first.queue, A, 40, 'x.example');
    first.queue.add({ domain: A, to: ['poison@x.example'], receivedAt: Date.now() });
    flood(first.queue, A, 40, 'x.example');
    const { harness, died } = await live(first, 'poison@x.example', 12);
    expect(died).toBeGreaterThanOrEqual(3);
    expect(died).toBeLessThanOrEqual(4);
    expect(harness.statuses).toEqual({ delivered: 80, bounced: 1 });
    const poison = harness.queue.recipients.find(({ forwardPath }) => forwardPath.startsWith('poison'));
    expect(poison).toMatchObject({ status: 'bounced', report: 'failed' });
    expect(poison?.attempts.at(-1)?.reply).toMatch(
      /^5\.3\.0 Given up: the server stopped unexpectedly \d times/,
    );
  });
});

/** Runs a server over the queue for so many milliseconds. Then it dies without a word. */
async function lifeOf(queue: ModelQueue, far: ScriptedTransport, milliseconds: number): Promise<void> {
  const { runner } = new RunnerHarness([far], queue);
  await pass(milliseconds);
  const ended = runner.stop(0);
  await pass(1);
  await ended;
  queue.dropLeases();
}

describe('mail that waits for a remote server that is silent', () => {
  const silent = (): ScriptedTransport => new ScriptedTransport('far', () => new Promise(() => undefined));

  it.each([1, 8, 14, 29, 31, 36, 45, 120])(
    'is not given up if the server is killed after each %i seconds',
    async (seconds) => {
      useFakeClock();
      const queue = new ModelQueue();
      queue.add({ domain: A, to: ['to@x.example'], receivedAt: Date.now() });
      for (let life = 0; life < 8; life++) await lifeOf(queue, silent(), seconds * 1_000);
      expect(queue.recipients).toMatchObject([{ status: 'queued', attempts: [] }]);
      const works = new ScriptedTransport('far', () => DELIVERED);
      await lifeOf(queue, works, 600_000);
      expect(queue.recipients).toMatchObject([{ status: 'delivered' }]);
    },
  );

  it('starts as a whole if its lease is given again while it waits after a crash', async () => {
    useFakeClock();
    const queue = new ModelQueue();
    queue.add({ domain: A, to: ['a@x.example', 'b@y.example'], receivedAt: NOON });
    const [lease] = await queue.lease({ now: NOON, until: NOON + 1, limit: 1, perDomain: 1 });
    if (lease === undefined) throw new Error('it is not due');
    await queue.begin([lease]);
    const attempt = {
      at: NOON,
      outcome: 'deferred',
      remoteHost: null,
      reply: '451 4.3.0 Later',
      tls: null,
    } as const;
    const later = { position: 0, attempt, nextAttemptAt: NOON + 10_000, report: null, block: false };
    await queue.settle(lease, [later], false);
    queue.dropLeases();
    const far = new ScriptedTransport('far', () => DELIVERED);
    new RunnerHarness([far], queue);
    await pass(20_000);
    expect(far.tried).toEqual([]);
    const leased = queue.messages.get(lease.id)?.lease ?? { until: 0 };
    leased.until = Date.now();
    queue.add({ domain: A, to: ['c@x.example'], receivedAt: Date.now() });
    await pass(1_000);
    expect(far.tried).toEqual(['c@x.example']);
    await pass(60_000);
    expect(far.tried).toEqual(['c@x.example', 'a@x.example', 'b@y.example']);
  });

  it('does not keep other mail of its domain waiting after a crash', async () => {
    useFakeClock();
    const queue = new ModelQueue();
    flood(queue, A, 1_000, 'x.example');
    const leases = await queue.lease({ now: NOON, until: NOON + 1, limit: 1_000, perDomain: 1_000 });
    await queue.begin(leases);
    queue.dropLeases();
    queue.add({ domain: A, to: ['to@y.example'], receivedAt: Date.now() + 1 });
    const far = new ScriptedTransport('far', ({ forwardPath }) =>
      forwardPath === 'to@y.example' ? DELIVERED : new Promise(() => undefined),
    );
    await lifeOf(queue, far, 25_000);
    expect(queue.recipients.at(-1)).toMatchObject({ status: 'delivered' });
  });
});
