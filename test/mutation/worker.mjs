// One process that has loaded all tests, and runs some of them for each mutant that run.mjs sends. A mutant is switched on by
// a variable that the instrumented code reads, so nothing is loaded again.
import { once } from 'node:events';
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { enter, takeCleanups, tests } from './vitest.mjs';

// The same examples in each run, and no search for the smallest one that fails.
fc.configureGlobal({ seed: 1, numRuns: 30, endOnFailure: true });

const space = (globalThis.__stryker__ = {
  mutantCoverage: { static: {}, perTest: {} },
  steps: 0,
  stepLimit: Infinity,
});

/** Milliseconds between two signs of life, if no test is long. */
const SIGN_MS = 200;

/** Errors that no test has caught: they count against the test that runs now. */
const stray = [];
process.on('uncaughtException', (error) => stray.push(error));
process.on('unhandledRejection', (error) => stray.push(error));

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Returns null if the test passes, 'timeout', or its error as text. */
async function attempt(test, limit) {
  let failure = null;
  space.steps = 0;
  try {
    const result = test.run();
    if (result instanceof Promise) {
      failure = await within(result, limit);
      await turn();
    }
  } catch (error) {
    failure = textOf(error);
  }
  for (const cleanup of takeCleanups(test)) {
    try {
      failure ??= await within(Promise.resolve(cleanup()), limit);
    } catch (error) {
      failure ??= textOf(error);
    }
  }
  if (stray.length > 0) failure ??= textOf(stray[0]);
  stray.length = 0;
  return failure;
}

/** Returns null if the promise fulfils within so many milliseconds, or 'timeout'. Rejects if the promise does. */
async function within(promise, limit) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve('timeout'), limit)));
  try {
    return await Promise.race([promise.then(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}

function textOf(error) {
  return String(error?.message ?? error).slice(0, 200);
}

/** Runs every test without a mutant, and returns how long each took and which mutants it reached how often. */
async function clean() {
  const results = [];
  for (const [index, test] of tests.entries()) {
    space.currentTestId = `t${index}`;
    const start = performance.now();
    const failure = await attempt(test, 120_000);
    results.push({ name: test.name, ms: performance.now() - start, steps: space.steps, failure });
  }
  return { results, coverage: space.mutantCoverage };
}

/**
 * Runs tests until one fails. The test that failed runs again without the mutant: if it fails again, something of an
 * earlier mutant may have remained in this process, and `dirty` says that its verdict is worth nothing.
 */
async function mutant({ id, order, limits, stepLimits, long }) {
  space.activeMutant = id;
  let failure = null;
  let by = null;
  let endless = false;
  let sent = performance.now();
  for (const [place, index] of order.entries()) {
    // An endless loop lets no timer run here, so run.mjs measures the time from one sign of life to the next.
    if (limits[place] > long || performance.now() - sent > SIGN_MS) {
      process.send({ limit: limits[place] });
      sent = performance.now();
    }
    space.stepLimit = stepLimits[place];
    failure = await attempt(tests[index], limits[place]);
    endless = space.steps > space.stepLimit;
    if (failure !== null || endless) {
      failure ??= 'too many steps';
      by = index;
      break;
    }
  }
  space.activeMutant = undefined;
  space.stepLimit = Infinity;
  const dirty = failure !== null && (await attempt(tests[by], limits[order.indexOf(by)])) !== null;
  return { failure: endless ? 'timeout' : failure, by, dirty };
}

const [{ project, cache, files, texts }] = await once(process, 'message');
register('./hooks.mjs', import.meta.url, { data: { project, cache, texts } });
for (const file of files) {
  enter(file);
  try {
    await import(pathToFileURL(join(project, file)).href);
  } catch (error) {
    console.error(file, error);
    process.exit(1);
  }
}

process.on('message', async (message) => {
  if (message.type === 'clean') {
    process.send(await clean());
  } else {
    space.quiet = true;
    process.send(await mutant(message));
  }
});
process.on('disconnect', () => process.exit());
process.send('ready');
