// `--fail-if`, `--csv` and `--junit` of `postern bench`.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Report, startSink, type SinkPlan } from '../../src/load/index.js';
import { judge, judgedText, parseThresholds } from '../../src/load/report/thresholds.js';
import { postern } from '../cli/postern.js';
import { scratch } from '../scratch.js';
import { sinkPlan } from './plan.js';

async function sink(plan: Partial<SinkPlan> = {}): Promise<string> {
  const running = await startSink(sinkPlan(plan));
  onTestFinished(async () => {
    await running.close(0);
  });
  return `smtp://127.0.0.1:${running.listening[0]?.port ?? 0}`;
}

const MESSAGES = { started: 100, accepted: 90, refused: 6, lost: 4, unstarted: 0 };
const LATENCY = { count: 100, p50: 1_000, p99: 50_000, p99_9: 60_000, max: 70_000, mean: 2_000 };
const REPORT = { messages: MESSAGES, latency: LATENCY, messagesPerSecond: 100 } as unknown as Report;

function judged(text: string, report: Report = REPORT): string[] {
  const thresholds = parseThresholds(text);
  if (typeof thresholds === 'string') throw new Error(thresholds);
  return judge(report, thresholds)
    .filter(({ failed }) => failed)
    .map(judgedText);
}

describe('a threshold', () => {
  it.each([
    ['p99>50ms', 'p99>=50ms', 'p99 is 50.0 ms (p99>=50ms)'],
    ['p50>1000us', 'p50>0.999ms', 'p50 is 1.00 ms (p50>0.999ms)'],
    ['p99.9>0.06s', 'p99.9>59ms', 'p99.9 is 60.0 ms (p99.9>59ms)'],
    ['max>70ms', 'max>69ms', 'max is 70.0 ms (max>69ms)'],
    ['errors>10', 'errors>9', 'errors is 10 (errors>9)'],
    ['refused>6', 'lost>=4', 'lost is 4 (lost>=4)'],
    ['error-rate>10%', 'error-rate>0.099', 'error-rate is 10% (error-rate>0.099)'],
    ['rate<100', 'rate<=100', 'rate is 100.00/s (rate<=100)'],
    ['accepted<90', 'accepted<91', 'accepted is 90 (accepted<91)'],
  ])('%s holds, %s fails', (holds, fails, words) => {
    expect(judged(holds)).toEqual([]);
    expect(judged(fails)).toEqual([words.replace('100.00/s', '100.0/s')]);
    expect(judged(`${holds}, ${fails}`)).toHaveLength(1);
  });

  it('fails if nothing was measured', () => {
    const nothing = { ...REPORT, latency: { ...LATENCY, count: 0 } } as unknown as Report;
    expect(judged('p99>1s', nothing)).toEqual(['p99 is unknown, since nothing was measured (p99>1s)']);
  });

  it.each([
    ['p99', '"p99" is not METRIC, an operator'],
    ['', '"" is not METRIC'],
    ['p98>5ms', 'there is no metric p98; did you mean'],
    ['toString>1', 'there is no metric toString'],
    ['p99>50', 'p99>50: p99 is compared with a time such as 50ms'],
    ['errors>1%', 'errors>1%: errors is compared with a whole number'],
    ['rate<x', 'rate<x: rate is compared with messages a second'],
    ['error-rate>x%', 'error-rate>x%: error-rate is compared with a share'],
  ])('%j is refused with a reason', (text, reason) => {
    expect(parseThresholds(text)).toContain(reason);
  });
});

describe('postern bench --fail-if', () => {
  it('ends with status 1 if a condition holds, after all results were written', async () => {
    const folder = await scratch();
    const [junit, csv] = [join(folder, 'junit.xml'), join(folder, 'time.csv')];
    const args = ['bench', await sink({ permfail: 0.5 }), '-n', '60', '--junit', junit, '--csv', csv];
    const { exitCode, stdout, stderr } = await postern([
      ...args,
      '--fail-if',
      'errors>0',
      '--fail-if',
      'lost>0',
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^postern: failed: errors is \d+ \(errors>0\)\n$/);
    expect(stdout).toContain('messages/s');
    const xml = await readFile(junit, 'utf8');
    expect(xml).toContain('tests="3" failures="1"');
    expect(xml).toMatch(
      /<testcase name="not errors&#62;0" classname="postern.bench"><failure message="errors is \d+ \(errors&#62;0\)"\/><\/testcase>/,
    );
    expect(xml).toContain('<testcase name="not lost&#62;0" classname="postern.bench"/>');
    const [head, ...rows] = (await readFile(csv, 'utf8')).trimEnd().split('\r\n');
    expect(head).toBe('seconds,accepted,failed,octets,accepted_per_second,p50_ms,p99_ms');
    const sum = (column: number): number =>
      rows.reduce((total, row) => total + Number(row.split(',')[column]), 0);
    expect(sum(1) + sum(2)).toBe(60);
    expect(sum(2)).toBeGreaterThan(0);
  });

  it('ends with status 0 if none holds', async () => {
    const { exitCode, stderr } = await postern([
      'bench',
      await sink(),
      '-n',
      '20',
      '--fail-if',
      'errors>0,p99>60s',
    ]);
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  it('is refused before the run if it makes no sense', async () => {
    const { exitCode, stdout, stderr } = await postern(['bench', 'smtp://127.0.0.1:1', '--fail-if', 'p99>5']);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('p99 is compared with a time such as 50ms');
  });

  it('says in JUnit that no message was accepted', async () => {
    const junit = join(await scratch(), 'junit.xml');
    const { exitCode } = await postern(['bench', await sink({ permfail: 1 }), '-n', '5', '--junit', junit]);
    expect(exitCode).toBe(1);
    expect(await readFile(junit, 'utf8')).toContain('<failure message="no message was accepted"/>');
  });
});
