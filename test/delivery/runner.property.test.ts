/**
 * Invariants of the runner, whatever remote servers answer in whatever order, the store refuses, the clock does, and
 * however often the process dies, or stands still while another server takes over: each recipient gets exactly one final outcome. No recipient is tried again after its
 * outcome was settled, nor after it was delivered, if the process lives. No cap is exceeded.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Runner } from '../../src/delivery/queue/runner.js';
import type { Domain } from '../../src/store/port.js';
import type { Queue } from '../../src/store/queue.js';
import { ModelQueue, type OtherServer } from './model-queue.js';
import {
  type Answer,
  BOUNCED,
  DEFERRED,
  DELIVERED,
  NOON,
  RETRY,
  ScriptedTransport,
  UNREACHABLE,
  later,
} from './runner-harness.js';

const CAPS = { workers: 5, perDestination: 2, perDomain: 3 };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

type Step =
  | { readonly kind: 'mail'; readonly domain: number; readonly hosts: readonly number[] }
  | { readonly kind: 'pass' | 'jump'; readonly by: number }
  | { readonly kind: 'crash' | 'stop' | 'break' | 'mend' }
  | { readonly kind: 'stand still'; readonly by: number; readonly does: readonly OtherServer[] }
  | { readonly kind: 'operator'; readonly what: 'retry' | 'cancel'; readonly message: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('mail' as const),
      domain: fc.integer({ min: 1, max: 3 }),
      hosts: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      by: fc.integer({ min: 1, max: 20 * 60_000 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('jump' as const),
      by: fc.oneof(fc.integer({ min: -30 * DAY, max: 30 * DAY }), fc.constantFrom(30 * DAY, -60 * DAY)),
    }),
  },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ kind: 'crash' }, { kind: 'stop' }) },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ kind: 'break' }, { kind: 'mend' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('stand still' as const),
      by: fc.integer({ min: 0, max: 60_000 }),
      does: fc.array(fc.constantFrom<OtherServer>('nothing', 'leases', 'gives back', 'delivers'), {
        maxLength: 8,
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('operator' as const),
      what: fc.constantFrom('retry' as const, 'cancel' as const),
      message: fc.nat(),
    }),
  },
);

/** The answers of remote servers, try after try. Each takes some time. */
const answers = fc.array(
  fc.tuple(
    fc.constantFrom<Answer | 'fault'>(DELIVERED, DEFERRED, BOUNCED, UNREACHABLE, 'fault'),
    fc.constantFrom(0, 0, 10, 1_000, 30_000),
  ),
  { minLength: 1, maxLength: 40 },
);

/** A message waits after a crash, and its lease runs out meanwhile: the next one has a recipient more. */
const LEASED_AGAIN: [Step[], [Answer | 'fault', number][]] = [
  [
    { kind: 'mail', domain: 1, hosts: [0, 1] },
    { kind: 'pass', by: 1 },
    { kind: 'crash' },
    { kind: 'jump', by: 30 * DAY },
  ],
  [
    ['fault', 0],
    [DELIVERED, 10],
  ],
];

afterEach(() => void vi.useRealTimers());

/** One server process over the queue, and what it observed. */
class Process {
  readonly far: ScriptedTransport;
  readonly runner: Runner;
  readonly wrong: string[] = [];
  #alive = true;

  constructor(
    readonly queue: ModelQueue,
    say: () => readonly [Answer | 'fault', number],
  ) {
    const done = new Set<string>();
    this.far = new ScriptedTransport('far', async ({ position, forwardPath }, { id }) => {
      // Messages that were leased when the process was killed are not sent any more.
      if (!this.#alive) return new Promise<Answer>(() => undefined);
      const name = `${id}/${position} ${forwardPath}`;
      const status = queue.messages.get(id)?.recipients[position]?.status;
      if (status === 'delivered' || status === 'bounced') this.wrong.push(`${name} is ${status} already`);
      if (done.has(`${id}/${position}`)) this.wrong.push(`${name} has been delivered by this process`);
      const [answer, after] = say();
      if (answer === 'fault') throw new Error('a fault');
      return later(after, answer);
    });
    // If a transport fails as a whole, its answers do not count.
    const send = this.far.send.bind(this.far);
    this.far.send = async (shipment) => {
      const deliveries = await send(shipment);
      for (const { position, outcome } of deliveries) {
        if (outcome === 'delivered') done.add(`${shipment.id}/${position}`);
      }
      return deliveries;
    };
    this.runner = new Runner({
      queue: this.#mortal(queue),
      outgoingOf: ({ size }) => ({ size, async *content() {} }),
      transportsOf: () => [this.far],
      caps: CAPS,
      retry: RETRY,
    });
    this.runner.start();
  }

  /** Ends as with kill -9: nothing that the process does reaches the queue any more. */
  die(): void {
    this.#alive = false;
    this.queue.dropLeases();
  }

  #mortal(queue: ModelQueue): Queue {
    const mortal = <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) => {
      return (...args: Args): Promise<T> => (this.#alive ? call(...args) : new Promise<T>(() => undefined));
    };
    return {
      lease: mortal((request) => queue.lease(request)),
      renew: mortal((leases, until) => queue.renew(leases, until)),
      period: () => queue.period(),
      begin: mortal((leases) => queue.begin(leases)),
      lasts: mortal((lease) => queue.lasts(lease)),
      settle: mortal((...args) => queue.settle(...args)),
      giveBack: mortal((lease, at) => queue.giveBack(lease, at)),
      capDue: mortal((request) => queue.capDue(request)),
      nextDue: mortal(() => queue.nextDue()),
      watch: (listener) => queue.watch(listener),
      waiting: mortal((query) => queue.waiting(query)),
      release: mortal((...args) => queue.release(...args)),
      retry: mortal((...args) => queue.retry(...args)),
      cancel: mortal((...args) => queue.cancel(...args)),
      owedReports: mortal((limit) => queue.owedReports(limit)),
      dropReports: mortal((fulfilment) => queue.dropReports(fulfilment)),
    };
  }
}

describe('the runner', () => {
  it('brings every recipient to one end, whatever happens meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 25 }), answers, async (plan, script) => {
        vi.useFakeTimers({
          toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
          now: NOON,
        });
        const queue = new ModelQueue();
        let turn = 0;
        let works = false;
        const say = (): readonly [Answer | 'fault', number] =>
          works ? [DELIVERED, 0] : (script[turn++ % script.length] ?? [DELIVERED, 0]);
        const processes = [new Process(queue, say)];
        const current = (): Process => processes[processes.length - 1] as Process;
        for (const step of plan) {
          switch (step.kind) {
            case 'mail':
              queue.add({
                domain: domain(step.domain),
                to: step.hosts.map((host, n) => `r${n}@host${host}.example`),
                receivedAt: Date.now(),
              });
              break;
            case 'pass':
              await vi.advanceTimersByTimeAsync(step.by);
              break;
            case 'jump':
              vi.setSystemTime(Math.max(NOON, Date.now() + step.by));
              break;
            case 'stand still':
              // No timer runs meanwhile, but time goes on.
              vi.setSystemTime(Date.now() + step.by);
              queue.standStill(step.does);
              break;
            case 'break':
              for (const call of ['lease', 'settle', 'nextDue', 'giveBack', 'renew'] as const) {
                queue.broken.add(call);
              }
              break;
            case 'mend':
              queue.broken.clear();
              break;
            case 'operator': {
              const id = 1 + (step.message % Math.max(1, queue.messages.size));
              if (queue.messages.has(id)) await queue[step.what](id, Date.now());
              break;
            }
            case 'stop': {
              const stopped = current().runner.stop(60_000);
              await vi.advanceTimersByTimeAsync(60_001);
              await stopped;
              current().die();
              processes.push(new Process(queue, say));
              break;
            }
            case 'crash':
              current().die();
              processes.push(new Process(queue, say));
              break;
          }
        }
        queue.broken.clear();
        // Once every server takes mail, all of it is gone after the longest gap, whatever the clock has done.
        works = true;
        await vi.advanceTimersByTimeAsync(26 * HOUR);
        expect(processes.flatMap(({ wrong }) => wrong)).toEqual([]);
        for (const { status, attempts } of queue.recipients) {
          expect(['delivered', 'bounced', 'cancelled']).toContain(status);
          const final = attempts.filter(({ outcome }) => outcome !== 'deferred');
          expect(final).toMatchObject([{ outcome: status }]);
          expect(attempts.at(-1)).toBe(final[0]);
        }
        for (const { far } of processes) {
          expect(far.most).toBeLessThanOrEqual(CAPS.workers);
          for (const [name, most] of far.mostOf) {
            expect(most).toBeLessThanOrEqual(name.startsWith('from ') ? CAPS.perDomain : CAPS.perDestination);
          }
        }
        for (const { lease } of queue.messages.values()) expect(lease).toBeNull();
        current().die();
        vi.useRealTimers();
      }),
      { numRuns: Number(process.env['POSTERN_PROPERTY_RUNS'] ?? 40), examples: [LEASED_AGAIN] },
    );
  }, 120_000);
});

function domain(id: number): Domain {
  return { id, name: `d${id}.example`, createdAt: 0 };
}
