// Stages of the rate, and the search for the highest rate.
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findRate } from '../../src/load/generator/find-rate.js';
import { intendedStarts, type Stage } from '../../src/load/generator/schedule.js';
import { type Report, startSink } from '../../src/load/index.js';
import { parseThresholds } from '../../src/load/report/thresholds.js';
import { postern } from '../cli/postern.js';
import { planFor, sinkPlan } from './plan.js';

const THRESHOLDS = parseThresholds('errors>0') as Exclude<ReturnType<typeof parseThresholds>, string>;

/** Looks for the capacity of a server that refuses whatever is more. */
async function search(
  capacity: number,
  first: number,
  saturatedFrom = Infinity,
  acceptedBelow = Infinity,
): Promise<{ rate: number | null; runs: number[] }> {
  const runs: number[] = [];
  const plan = planFor(0, { schedule: { perSecond: first, arrivals: 'fixed', ramp: 0 } });
  const best = await findRate(plan, THRESHOLDS, ({ schedule }) => {
    const rate = schedule?.perSecond ?? 0;
    runs.push(rate);
    const messages = {
      accepted: rate < acceptedBelow ? 1 : 0,
      refused: rate > capacity ? 1 : 0,
      lost: 0,
      unstarted: 0,
    };
    return Promise.resolve({
      messages,
      messagesPerSecond: rate,
      generator: { saturated: rate >= saturatedFrom },
    } as unknown as Report);
  });
  return { rate: best?.messagesPerSecond ?? null, runs };
}

describe('the search for the highest rate', () => {
  it('comes within 5 % from below, in few runs, wherever it begins', async () => {
    const rates = fc.double({ min: 1, max: 200_000, noNaN: true });
    await fc.assert(
      fc.asyncProperty(rates, rates, async (capacity, first) => {
        const { rate, runs } = await search(capacity, first);
        // From a rate that is halved below 1 nothing more is tried.
        const least = rate === null ? 0 : capacity / 1.0501;
        if (rate === null) expect(capacity).toBeLessThan(2);
        expect(rate ?? 0).toBeLessThanOrEqual(capacity);
        expect(rate ?? 0).toBeGreaterThanOrEqual(least);
        expect(runs.length).toBeLessThan(26);
      }),
      { numRuns: 200 },
    );
  });

  it('finds no rate where the lowest one fails', async () => {
    expect(await search(0, 100)).toEqual({ rate: null, runs: [100, 50, 25, 12.5, 6.25, 3.125, 1.5625] });
  });

  it('takes a run that the generator limits for one that failed', async () => {
    const { rate } = await search(1000, 100, 300);
    expect(rate).toBeGreaterThan(280);
    expect(rate).toBeLessThan(300);
  });
});

describe('a run in which no message was accepted', () => {
  it('is taken for one that failed, whatever the conditions are', async () => {
    const { rate } = await search(10_000, 100, Infinity, 300);
    expect(rate).toBeGreaterThan(280);
    expect(rate).toBeLessThan(300);
  });
});

describe('stages', () => {
  const stage = fc.record({
    duration: fc.integer({ min: 1, max: 5000 }),
    perSecond: fc.integer({ min: 0, max: 2000 }),
  });
  const startsOf = (stages: readonly Stage[], share?: { index: number; of: number }): number[] => {
    const next = intendedStarts({ perSecond: 0, arrivals: 'fixed', ramp: 0, stages }, Math.random, share);
    const starts: number[] = [];
    for (let at = next(); at !== Infinity && starts.length < 100_000; at = next()) starts.push(at);
    return starts;
  };

  it('have as many messages as the area below the rate, at rising times within the stages', () => {
    fc.assert(
      fc.property(fc.array(stage, { minLength: 1, maxLength: 6 }), (stages) => {
        let [area, from, end] = [0, 0, 0];
        for (const { duration, perSecond } of stages) {
          area += (((from + perSecond) / 2) * duration) / 1000;
          from = perSecond;
          end += duration;
        }
        const starts = startsOf(stages);
        expect(Math.abs(starts.length - area)).toBeLessThanOrEqual(1);
        expect(starts.every((at, index) => at >= (starts[index - 1] ?? 0) && at <= end)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('rise and fall evenly', () => {
    const starts = startsOf([
      { duration: 2000, perSecond: 100 },
      { duration: 1000, perSecond: 100 },
      { duration: 2000, perSecond: 0 },
    ]);
    const within = (from: number, to: number): number => starts.filter((at) => at >= from && at < to).length;
    expect([
      within(0, 1000),
      within(1000, 2000),
      within(2000, 3000),
      within(3000, 4000),
      within(4000, 5000),
    ]).toEqual([25, 75, 100, 75, 25]);
  });

  it('are shared by threads', () => {
    const stages = [{ duration: 1000, perSecond: 300 }];
    const parts = [0, 1, 2].map((index) => startsOf(stages, { index, of: 3 })).flat();
    const [together, alone] = [parts.sort((a, b) => a - b), startsOf(stages)];
    expect(together).toHaveLength(alone.length);
    together.forEach((at, index) => expect(at).toBeCloseTo(alone[index] ?? NaN, 6));
  });
});

describe('postern bench', () => {
  async function sink(): Promise<string> {
    const running = await startSink(sinkPlan());
    onTestFinished(async () => {
      await running.close(0);
    });
    return `smtp://127.0.0.1:${running.listening[0]?.port ?? 0}`;
  }

  it('follows --stages', async () => {
    const { exitCode, stdout } = await postern([
      'bench',
      await sink(),
      '--stages',
      '500ms:200,500ms:0',
      '--arrivals',
      'fixed',
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('open loop in stages up to 200 messages/s (fixed)');
    expect(stdout).toMatch(/^messages +100 accepted$/m);
  });

  it('shows each run of --find-rate, and ends with 1 if no rate will do', async () => {
    const { exitCode, stdout, stderr } = await postern([
      'bench',
      await sink(),
      '--find-rate',
      '--rate',
      '3',
      '-d',
      '200ms',
      '--fail-if',
      'accepted>=0',
    ]);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^ +3\.000\/s {2}accepted is \d+ \(accepted>=0\)\n +1\.500\/s .*\npostern: there is no rate/,
    );
  });

  it.each([
    [['--stages', '1s:10', '--rate', '5'], /--stages goes without --rate/],
    [['--stages', '1s:10', '--warmup', '1s'], /--warmup takes all the time of --stages/],
    [['--stages', '1s:0'], /It must be DURATION:RATE/],
    [['--stages', '0s:10'], /It must be DURATION:RATE/],
    [['--stages', '10:1s'], /It must be/],
    [['--find-rate'], /--find-rate needs --fail-if/],
    [['--find-rate', '--fail-if', 'lost>0', '-n', '5'], /it goes without --messages/],
    [['--arrivals', 'fixed'], /--arrivals needs --rate or --stages/],
  ])('%j is refused with a reason', async (args, reason) => {
    const { exitCode, stderr } = await postern(['bench', 'smtp://127.0.0.1:1', ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(reason);
  });
});
