// The part of vitest that the tests of a mutation run use. It registers tests and does not run them, so that one process
// can load them once and then run a few of them for each mutant. `expect` is vitest's own.
import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const { expect } = chai;

/** Milliseconds after which `expect.poll` gives up, and between two looks: vitest's own. */
const POLL = { timeout: 1000, interval: 50 };

/** Expects something of a value that comes in time: looks again until it is so, or fails as the last look did. */
expect.poll = (look, times) => chain(look, { ...POLL, ...times }, []);

/** Takes names such as `not` and `toBe`, and makes the expectation when the last one is called. */
function chain(look, times, names) {
  const call = async (...values) => {
    for (const end = performance.now() + times.timeout; ;) {
      try {
        const expected = names.slice(0, -1).reduce((before, name) => before[name], expect(await look()));
        return await expected[names.at(-1)](...values);
      } catch (error) {
        if (performance.now() >= end) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, times.interval));
    }
  };
  return new Proxy(call, { get: (_, name) => chain(look, times, [...names, name]) });
}

/** Every test that is loaded, in order: { file, name, run }. */
export const tests = [];

/** Functions that run after each test of a file, by the file. */
const always = new Map();

/** The functions that the test that runs now has passed to onTestFinished. */
let cleanups = [];
let path = [];

export function it(name, ...rest) {
  const run = rest.find((value) => typeof value === 'function');
  tests.push({ file: path[0], name: [...path, name].join(' > '), run });
}

export function describe(name, body) {
  const outer = path;
  path = [...path, name];
  try {
    if (body() instanceof Promise) throw new Error(`${name}: a describe that is asynchronous`);
  } finally {
    path = outer;
  }
}

const each = (register) => (rows) => (name, body) => {
  rows.forEach((row, index) => {
    const values = Array.isArray(row) ? row : [row];
    register(`${name} [${index}]`, () => body(...values));
  });
};
it.each = each(it);
describe.each = each(describe);

export function afterEach(cleanup) {
  if (path.length !== 1) throw new Error('afterEach within a describe');
  always.set(path[0], [...(always.get(path[0]) ?? []), cleanup]);
}

/** Does nothing: the tests of a file may run again for the next mutant. run.mjs removes the temporary files at its end. */
export function afterAll() {}

export function onTestFinished(cleanup) {
  cleanups.push(cleanup);
}

/** Names the file whose tests are loaded next. */
export function enter(file) {
  path = [file];
}

/** Returns the clean-ups of the test that has just run, the last one first. */
export function takeCleanups(test) {
  const taken = [...cleanups.reverse(), ...(always.get(test.file) ?? [])];
  cleanups = [];
  return taken;
}
