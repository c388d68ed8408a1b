// A mutation run, on demand: `npm run mutation` changes src/protocol, `npm run mutation -- src/store/settlement.ts` the files
// that are named. All of them must belong to one of the areas below, because its tests are what each change is held against.
// POSTERN_MUTATION_TESTS names fewer tests, in less time: the score is then one that is reached at least.
//
// Stryker brings 138 packages of its own, for a run that is made now and then. So it is no dependency of the
// project: the run copies the project to a folder of its own, installs the fixed version there, and leaves
// its report in reports/mutation/. docs/conformance.md keeps the score.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The last line that runs on Node.js 20.
const VERSION = '9.6.1';

const project = fileURLToPath(new URL('../../', import.meta.url));
const box = mkdtempSync(join(tmpdir(), 'postern-mutation-'));
const named = process.argv.slice(2);
const files = named.length > 0 ? named : ['src/protocol/**/*.ts'];

// The quick tests that say the same in each run: the slow ones and those that differ from run to run take no part.
const AREAS = {
  'src/protocol/': ['test/protocol/*.test.ts', 'test/mutation/*.mutation.ts'],
  'src/client/': ['test/client/*.test.ts'],
  'src/store/settlement.ts': ['test/store/settlement.test.ts'],
};
const area = Object.keys(AREAS).find((start) => files.every((file) => file.startsWith(start)));
if (area === undefined) {
  console.error(`the files must all be of one area: ${Object.keys(AREAS).join(', ')}`);
  process.exit(1);
}
process.env.POSTERN_MUTATION_TESTS ??= AREAS[area].join(' ');

const stryker = {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
  mutate: files,
  // The texts of replies and of reasons: docs/replies.md and its test hold them.
  mutator: { excludedMutations: ['StringLiteral'] },
  // Code that runs once, when a module loads, would need a process for each mutant.
  ignoreStatic: true,
  coverageAnalysis: 'perTest',
  concurrency: Number(process.env.POSTERN_MUTATION_CONCURRENCY ?? 2),
  timeoutMS: 3_000,
  reporters: ['clear-text', 'progress-append-only', 'json', 'html'],
  clearTextReporter: { allowColor: false, reportTests: false },
};

function run(command, ...args) {
  const { status } = spawnSync(command, args, { cwd: box, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status}`);
}

try {
  for (const name of [
    'src',
    'test',
    'docs',
    // The tests of the client make certificates, by what is built.
    'certs',
    'dist',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    '.npmrc',
  ]) {
    cpSync(join(project, name), join(box, name), { recursive: true });
  }
  cpSync(join(project, 'node_modules'), join(box, 'node_modules'), { recursive: true, dereference: true });
  writeFileSync(join(box, 'stryker.config.json'), JSON.stringify(stryker));
  const packages = ['core', 'vitest-runner'].map((name) => `@stryker-mutator/${name}@${VERSION}`);
  run('npm', 'install', '--no-save', '--ignore-scripts', ...packages);
  run('node', 'node_modules/@stryker-mutator/core/bin/stryker.js', 'run');
  cpSync(join(box, 'reports'), join(project, 'reports'), { recursive: true });
} finally {
  rmSync(box, { recursive: true, force: true });
}
