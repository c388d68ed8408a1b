// Another build of Postern as a contestant, so that a change can be measured: both builds are up at once and are loaded
// in turns, in one run.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CONTESTANTS } from './contestants.mjs';
import { MEMORY } from './processes.mjs';

const OWN = ['postern', 'gateway'];
const before = (name) => `${name} before`;

/**
 * Adds the library and the gateway of another checkout to the contestants. The suite of that checkout starts them, since
 * it knows their options.
 */
export async function addBuild(folder) {
  const suite = resolve(folder, 'bench/suite/contestants.mjs');
  for (const path of [suite, resolve(folder, 'dist/index.js')]) {
    if (!existsSync(path)) throw new Error(`${path} is missing: --before takes a checkout that is built`);
  }
  const { CONTESTANTS: theirs } = await import(pathToFileURL(suite).href);
  // Each server of this suite gets these; servers that an older suite starts take them from here.
  Object.assign(process.env, MEMORY);
  for (const name of OWN) {
    CONTESTANTS[before(name)] = { ...theirs[name], title: `${theirs[name].title}, before` };
  }
}

/**
 * Returns the scenario with the runs of both builds only, and with their ratio as the goal: it is met if the
 * distance from 1 is less than the spread. Null if Postern has no run in the scenario.
 */
export function withBuild(scenario, only) {
  const runs = scenario.runs.filter(
    ({ contestant }) => OWN.includes(contestant) && (only === null || only.has(contestant)),
  );
  if (runs.length === 0) return null;
  return {
    ...scenario,
    runs: runs.flatMap((run) => [
      run,
      { ...run, name: before(run.name), contestant: before(run.contestant) },
    ]),
    goals: runs.map(({ name }) => ({ subject: name, against: before(name), least: 1, withinSpread: true })),
    witness: undefined,
  };
}
