// The part of vitest that the tests of a mutation run use. It registers tests and does not run them, so that one process
// can load them once and then run a few of them for each mutant. `expect` is vitest's own.
import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const expect = chai.expect;

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
