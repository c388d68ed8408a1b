// The benchmark suite: see README.md.
//
//   npm run bench -- [--quick] [--only ID,...] [--contestants NAME,...] [--rounds N] [--seconds N]
//     [--before DIR] [--list]
import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { addBuild, withBuild } from './suite/before.mjs';
import { makeCertificate } from './suite/certificate.mjs';
import { CONTESTANTS } from './suite/contestants.mjs';
import { measure } from './suite/measure.mjs';
import { installPeers } from './suite/peers.mjs';
import { pinned } from './suite/processes.mjs';
import { keepResults } from './suite/results.mjs';
import { SCENARIOS } from './suite/scenarios.mjs';
import { measureSide, SIDES, sideText } from './suite/sides.mjs';
import { goalText, scenarioText } from './suite/text.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    contestants: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    before: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});

const wanted = (text) => (text === undefined ? null : new Set(text.split(',')));
const only = wanted(options.only);
for (const [words, known] of [
  [only, [...SCENARIOS, ...SIDES].map(({ id }) => id)],
  [wanted(options.contestants), Object.keys(CONTESTANTS)],
]) {
  for (const word of words ?? []) {
    if (!known.includes(word)) fail(`there is no "${word}"; there is ${known.join(', ')}`);
  }
}

function fail(message) {
  console.error(`bench: ${message}`);
  process.exit(2);
}

/** A quick run shows that all of it works. It leaves the peers to a long one, and judges no speed. */
const QUICK = { contestants: new Set(['null', 'tls', 'postern', 'gateway']), rounds: 1 };
const LONG = { contestants: null, rounds: 5, seconds: 3, warmup: 1 };

async function main() {
  if (options.list) {
    for (const { id, title } of [...SCENARIOS, ...SIDES]) console.log(`${id.padEnd(18)} ${title}`);
    return;
  }
  const style = options.quick ? QUICK : LONG;
  const comparing = options.before !== undefined;
  const contestants = wanted(options.contestants) ?? (comparing ? null : style.contestants);
  const peersMissing =
    contestants === null || ['smtp-server', 'haraka'].some((name) => contestants.has(name));
  const problem = peersMissing && !comparing ? installPeers() : null;
  if (comparing) await addBuild(options.before).catch((error) => fail(error.message));
  if (problem !== null) console.error(`bench: without npm's peers: ${problem}`);
  if (!pinned) console.error('bench: no taskset, or one core: server and generator share what there is');
  const certificate = await makeCertificate();
  const rounds = Number(options.rounds ?? style.rounds);
  const seconds = Number(options.seconds ?? LONG.seconds);
  const results = [];
  try {
    for (const own of SCENARIOS) {
      if (only !== null && !only.has(own.id)) continue;
      const scenario = comparing ? withBuild(own, contestants) : own;
      if (scenario === null) continue;
      // The load of `short` again, with more connections.
      if (options.quick && only === null && scenario.id.startsWith('growth-')) continue;
      const amounts = options.quick
        ? { amount: { messages: scenario.few }, warmup: null }
        : { amount: { seconds }, warmup: { seconds: scenario.warmup ?? LONG.warmup } };
      const result = await attempt(scenario, () =>
        measure(scenario, {
          ...amounts,
          rounds,
          certificate,
          only: comparing ? null : contestants,
          judged: !options.quick,
        }),
      );
      if (result === null) continue;
      results.push(result);
      console.log(scenarioText(result));
    }
  } finally {
    certificate.remove();
  }
  const sides = [];
  for (const side of comparing ? [] : SIDES) {
    if (only !== null && !only.has(side.id)) continue;
    const result = await attempt(side, () => measureSide(side, options.quick));
    if (result === null) continue;
    sides.push(result);
    console.log(sideText(result));
  }
  const goals = results.flatMap(({ title, goals }) => goals.map((goal) => ({ title, ...goal })));
  if (goals.length > 0) console.log('\nGoals');
  for (const goal of goals) console.log(`  ${goalText(goal)}  ${goal.title}`);
  const kept = await keepResults({
    ...circumstances(),
    rounds,
    seconds,
    quick: options.quick,
    pinned,
    results,
    sides,
  });
  console.log(`\n${kept.join('\n')}`);
}

/** A scenario that fails takes nothing from the others, but the run has failed. */
async function attempt({ id }, run) {
  try {
    return await run();
  } catch (error) {
    console.error(`\nbench: ${id} failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
    return null;
  }
}

/** Where and on what the figures were measured. */
function circumstances() {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return {
    date: new Date().toISOString(),
    version,
    commit: commit(),
    host: {
      node: process.version,
      system: `${process.platform} ${release()} ${process.arch}`,
      processor: cpus()[0]?.model.trim() ?? 'unknown',
      processors: cpus().length,
      memory: totalmem(),
    },
  };
}

function commit() {
  try {
    const git = (...words) =>
      execFileSync('git', words, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ', changed' : ''}`;
  } catch {
    return null;
  }
}

await main();
