// Why /readyz says that a server is not ready.
import { describe, expect, it } from 'vitest';
import { Readiness } from '../../src/cli/serve/readiness.js';
import { scratch } from '../scratch.js';

const MINUTE = 60_000;

async function setUp({ delivers = true, due = null as number | null, fails = false } = {}) {
  let time = 1_000_000_000;
  const store = {
    isEmpty: () => (fails ? Promise.reject(new Error('SQLITE_IOERR at /secret')) : Promise.resolve(false)),
    queue: { nextDue: () => Promise.resolve(due) },
  };
  const data = await scratch();
  const readiness = new Readiness(
    store as never,
    data,
    delivers,
    () => time,
    () => time,
  );
  return { readiness, data, pass: (minutes: number) => (time += minutes * MINUTE) };
}

describe('a server', () => {
  it('is ready, and not when it stops', async () => {
    const { readiness } = await setUp();
    expect(await readiness.problems()).toEqual([]);
    readiness.stop();
    expect(await readiness.problems()).toEqual(['stopping']);
  });

  it('is not ready if its store or its folder fails, and reveals nothing of it', async () => {
    const { readiness } = await setUp({ fails: true });
    expect(await readiness.problems()).toEqual(['the store does not answer']);
    const store = { isEmpty: () => Promise.resolve(false), queue: { nextDue: () => Promise.resolve(null) } };
    const lost = new Readiness(store as never, '/nowhere/at/all', true);
    expect(await lost.problems()).toEqual(['the data folder cannot be read']);
  });

  it('is not ready if messages wait and no route delivers any', async () => {
    const { readiness } = await setUp({ delivers: false, due: 5 });
    expect(await readiness.problems()).toEqual([
      'messages wait, and nothing delivers them: no deliver URL is configured',
    ]);
  });

  it('is not ready if messages are due for long and no attempt has an outcome', async () => {
    const { readiness, pass } = await setUp({ due: 1_000_000_000 });
    pass(19);
    expect(await readiness.problems()).toEqual([]);
    pass(2);
    expect(await readiness.problems()).toEqual(['messages are due, and nothing is delivered']);
    // However long the queue is, as long as some of it goes out.
    readiness.attempted();
    pass(1);
    expect(await readiness.problems()).toEqual([]);
    pass(20);
    expect(await readiness.problems()).toEqual(['messages are due, and nothing is delivered']);
  });

  it('is ready if nothing is due before long', async () => {
    const { readiness, pass } = await setUp({ due: 1_000_000_000 + 60 * MINUTE });
    pass(60);
    expect(await readiness.problems()).toEqual([]);
  });
});
