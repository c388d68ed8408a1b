// A mutation run, on demand: changes sources in one place at a time, and counts the changes that a test notices.
//
//   npm run mutation                                    src/protocol
//   npm run mutation -- src/client src/store/settlement.ts   these files, or the files in these folders
//
//   --tests PATH     only these tests (may be repeated), instead of those of the area below
//   --survivors      only the mutants that no test noticed in the last run of each file
//   --sample N       N mutants, chosen at random, and the interval of the score
//   --seconds N      stop after so much time: what is done by then is reported as a sample
//   --workers N      processes, 1 by default
//   --verbose        print each mutant with the test that noticed it
//
// Stryker makes the mutants: all of them at once, each with a switch that says if it is on. Stryker's own runner
// is not used, since it starts the tests anew for each mutant. One process loads all tests once, runs them without a mutant, and notes
// which mutants each test reaches, and how long it takes. Then it runs, for one mutant after the other, the tests that
// reach it, those first that noticed the most, and stops at the first that fails.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeMutants } from './mutants.mjs';
import { MutantRunner, Worker } from './runner.mjs';
import { intervalOf, Report, scoreOf } from './report.mjs';

const project = fileURLToPath(new URL('../../', import.meta.url));

// Those of the client that are quick. The others play every fault of a server at every octet: 28 s for each mutant.
const CLIENT =
  'auth begin channel client connection redactor session terms transaction transaction-results wrong-options';
const DELIVERY = 'content early-refusal envelope octets phases pool reply secure smarthost target';

// The tests that say the same in each run. Those below differ from run to run, or take a minute.
const AREAS = [
  ['src/protocol/client/', ['test/protocol', 'test/client']],
  ['src/protocol/', ['test/protocol', 'test/mutation']],
  ['src/client/', [...within('test/client', CLIENT), ...within('test/delivery/smtp', DELIVERY)]],
  ['src/store/settlement.ts', ['test/store/settlement.test.ts']],
];
const LEFT_OUT = /\.property\.test\.ts$|\/(?:fuzz|model|states)\.test\.ts$/;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tests: { type: 'string', multiple: true },
    survivors: { type: 'boolean', default: false },
    sample: { type: 'string' },
    seconds: { type: 'string', default: '86400' },
    workers: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
  },
});
const deadline = Date.now() + Number(values.seconds) * 1_000;

const named = positionals.length > 0 ? positionals : ['src/protocol'];
const files = named.flatMap((path) => expand(path, (name) => name.endsWith('.ts')));
const testPaths = values.tests ?? files.flatMap(testsOf);
const tests = [...new Set(testPaths)]
  .flatMap((path) => expand(path, (name) => /\.(?:test|mutation)\.ts$/.test(name)))
  .filter((name) => !LEFT_OUT.test(name));

function expand(path, takes) {
  if (!statSync(join(project, path)).isDirectory()) return [path];
  return readdirSync(join(project, path), { recursive: true })
    .filter(takes)
    .map((name) => join(path, name))
    .sort();
}

function within(folder, names) {
  return names.split(' ').map((name) => `${folder}/${name}.test.ts`);
}

function testsOf(file) {
  const area = AREAS.find(([start]) => file.startsWith(start));
  if (area === undefined) throw new Error(`${file}: name its tests with --tests`);
  return area[1];
}

const cache = mkdtempSync(join(tmpdir(), 'postern-mutation-'));
process.on('exit', () => rmSync(cache, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const { sources, texts, mutants } = await makeMutants(project, files);
const temporary = mkdtempSync(join(cache, 'tmp-'));
const load = { project, cache, temporary, files: tests, texts };
const worker = new Worker(load);
if ((await worker.ready) !== 'ready') throw new Error('the tests cannot be loaded');
const start = Date.now();
const answer = await worker.ask({ type: 'clean' }, 600_000);
if (typeof answer === 'string') throw new Error(`the tests without a mutant: ${answer}`);
const failed = answer.results.filter(({ failure }) => failure !== null);
if (failed.length > 0) throw new Error(`fails without a mutant: ${JSON.stringify(failed, null, 1)}`);
console.log(
  `${mutants.length} mutants, ${answer.results.length} tests, ${(Date.now() - start) / 1000} s without a mutant`,
);

const reach = new Map();
for (const [test, counts] of Object.entries(answer.coverage.perTest)) {
  for (const id of Object.keys(counts)) {
    if (!reach.has(id)) reach.set(id, []);
    reach.get(id).push(Number(test.slice(1)));
  }
}

const report = new Report(project, sources);
const todo = [];
if (values.survivors) for (const name of files) report.resume(name);
for (const mutant of mutants) {
  if (values.survivors && !report.survivedBefore(mutant)) continue;
  if (reach.has(mutant.id)) todo.push({ mutant, reach: reach.get(mutant.id) });
  else report.add(mutant, answer.coverage.static[mutant.id] > 0 ? 'static' : 'uncovered', null);
}
const all = todo.length;
if (values.sample !== undefined && Number(values.sample) < all) {
  for (let place = todo.length - 1; place > 0; place--) {
    const other = Math.floor(Math.random() * (place + 1));
    [todo[place], todo[other]] = [todo[other], todo[place]];
  }
  todo.length = Number(values.sample);
}

// What is left to do in each file: a file is written when it is done.
const left = new Map(files.map((name) => [name, 0]));
for (const { mutant } of todo) left.set(mutant.fileName, left.get(mutant.fileName) + 1);
for (const [name, count] of left) if (count === 0) report.save(name, true);
const counts = {};
let finished = 0;
const planned = todo.length;
const done = (mutant, fate, by) => {
  const noted = report.add(mutant, fate, by);
  counts[noted.fate] = (counts[noted.fate] ?? 0) + 1;
  finished++;
  const name = mutant.fileName;
  left.set(name, left.get(name) - 1);
  if (left.get(name) === 0) report.save(name, planned === all);
  if (values.verbose) {
    const test = by === null ? '' : ` by ${answer.results[by].name}`;
    console.log(`${noted.fate} ${name}:${noted.at} ${noted.from} -> ${noted.to}${test}`);
  } else if (finished % 100 === 0) {
    console.log(`${finished} of ${planned}, ${Math.round((Date.now() - start) / 1000)} s`);
  }
};
const take = () => (Date.now() < deadline ? todo.shift() : undefined);
const kills = [];
const others = Array.from({ length: Number(values.workers) - 1 }, () => undefined);
await Promise.all(
  [worker, ...others].map((one) => new MutantRunner(load, one, answer.results, kills).run(take, done)),
);

report.print();
if (finished < all) {
  const { noticed, total } = scoreOf(counts);
  const [low, high] = intervalOf(noticed, total).map((share) => share.toFixed(1));
  console.log(
    `${finished} of ${all} mutants that tests reach; the score is between ${low} and ${high} % (95 %)`,
  );
}
console.log(`${Math.round((Date.now() - start) / 1000)} s`);
