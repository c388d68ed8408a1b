/** Tests which messages are suspected after a crash, when each of them starts, and when one is given up. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Suspects, mustGiveUp } from '../../src/delivery/queue/suspects.js';
import {
  A,
  DELIVERED,
  RunnerHarness,
  ScriptedTransport,
  flood,
  later,
  pass,
  useFakeClock,
} from './runner-harness.js';

const LIMITS = { crashes: 3, holdUp: 30, aloneFor: 60 };

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

  it('start one after the other if they were, in parallel with all other mail', () => {
    const suspects = gate('1a', '0a', '1b', '0b');
    expect(suspects.next(0)).toEqual(['1a', '0a', '0b']);
    expect(suspects.next(1)).toEqual([]);
    suspects.add('0c', 0);
    expect(suspects.next(2)).toEqual(['0c']);
    suspects.ended('1a');
    expect(suspects.next(3)).toEqual(['1b']);
  });

  it('let the next one start if they are slow', () => {
    const suspects = gate('1a', '1b');
    expect(suspects.next(0)).toEqual(['1a']);
    expect(suspects.due).toBe(30);
    expect(suspects.next(29)).toEqual([]);
    expect(suspects.next(30)).toEqual(['1b']);
  });

  it('hold up all other mail if the next crash condemns them, but not for long', () => {
    const suspects = gate('0a', '2a', '2b', '2c', '1a');
    expect(suspects.next(0)).toEqual(['2a']);
    suspects.add('0b', 0);
    expect(suspects.next(29)).toEqual([]);
    expect(suspects.next(30)).toEqual(['2b']);
    expect(suspects.due).toBe(60);
    expect(suspects.next(60)).toEqual(['1a', '0a', '0b']);
    suspects.ended('1a');
    expect(suspects.next(61)).toEqual(['2c']);
    expect(suspects.due).toBe(Infinity);
  });

  it('hold up others no longer than the limit if the clock is put back', () => {
    const suspects = gate('0a', '2a', '2b');
    expect(suspects.next(1_000_000)).toEqual(['2a']);
    expect(suspects.next(0)).toEqual([]);
    expect(suspects.due).toBe(30);
    expect(suspects.next(30)).toEqual(['2b']);
    expect(suspects.next(60)).toEqual(['0a']);
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
      fc.property(fc.array(fc.nat({ max: 2 })), fc.array(fc.nat({ max: 40 })), (crashes, steps) => {
        const messages = crashes.map((count, index) => `${count} ${index}`);
        const suspects = gate(...messages);
        const started: string[] = [];
        let now = 0;
        for (const step of [...steps, ...messages.map(() => 40), 40]) {
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
