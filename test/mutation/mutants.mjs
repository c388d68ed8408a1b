// Makes the mutants: the text of each chosen file with all its mutants in it, each with a switch that says if it is on.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// Stryker's mutants alone, without its runner. The last version that runs on Node.js 20.
const INSTRUMENTER = '@stryker-mutator/instrumenter@9.6.1';

/**
 * Returns, by the names of the files, their sources and their texts with all mutants, and the mutants: { id, fileName, mutatorName, replacement, location },
 * lines and columns from 0.
 */
export async function makeMutants(project, names) {
  const Instrumenter = await loadInstrumenter(project);
  const quiet = { debug() {}, info() {}, warn: console.warn, isDebugEnabled: () => false };
  const sources = names.map((name) => ({
    name,
    mutate: true,
    content: readFileSync(join(project, name), 'utf8'),
  }));
  const { files, mutants } = await new Instrumenter(quiet).instrument(sources, {
    plugins: null,
    ignorers: [],
    // The texts of replies and of reasons: docs/replies.md and its test hold them.
    excludedMutations: ['StringLiteral'],
  });
  return {
    sources: new Map(sources.map(({ name, content }) => [name, content])),
    texts: Object.fromEntries(files.map(({ name, content }) => [name, limited(content)])),
    mutants: mutants.filter(({ status }) => status !== 'Ignored'),
  };
}

/**
 * Replaces the counting of mutants that are reached, as soon as that has been done once, by a count of steps with a limit:
 * an endless loop ends at once and in the same place, however busy the machine is.
 */
function limited(text) {
  const start = 'function cover() {';
  if (text.includes('stryCov') && !text.includes(start))
    throw new Error('the instrumenter counts in another way');
  return text.replace(
    start,
    `${start} if (++ns.steps > ns.stepLimit) throw new Error('too many steps'); if (ns.quiet) return;`,
  );
}

/** Installs the instrumenter beside the project's packages if it is not there, since it brings 67 of them. */
async function loadInstrumenter(project) {
  const home = join(project, 'node_modules/.cache/mutation');
  if (!existsSync(join(home, 'node_modules/@stryker-mutator/instrumenter'))) {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), '{ "private": true }');
    const options = ['--no-audit', '--no-fund', '--ignore-scripts'];
    execFileSync('npm', ['install', ...options, INSTRUMENTER], { cwd: home, stdio: 'inherit' });
  }
  const path = createRequire(join(home, 'package.json')).resolve('@stryker-mutator/instrumenter');
  return (await import(pathToFileURL(path).href)).Instrumenter;
}
