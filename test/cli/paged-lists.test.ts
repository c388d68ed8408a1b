import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { scratch } from '../scratch.js';
import { accept, Collector, runningStore } from './postern.js';

class Counter extends Collector {
  writes = 0;

  override _write(piece: Buffer, encoding: string, done: () => void): void {
    this.writes++;
    super._write(piece, encoding, done);
  }
}

it.each([
  ['messages', 'held'],
  ['queue', 'queued'],
] as const)('postern %s writes each page as it comes, whatever the limit', async (command, status) => {
  const data = join(await scratch(), 'data');
  const store = await runningStore(data);
  const domain = await store.addDomain('example.com', new Uint8Array(32), Date.now());
  for (let n = 0; n < 450; n++) await accept(store, domain?.id ?? 0, { status });
  const stdout = new Counter();
  const stderr = new Collector();
  const args = [command, '--limit', '1000000', '--data', data];
  expect(await run(args, { stdout, stderr, environment: {} })).toBe(0);
  // 200, 200 and 50 messages.
  expect(stdout.writes).toBe(3);
  expect(stdout.text().trim().split('\n')).toHaveLength(451);
});
