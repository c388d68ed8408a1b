// Which functions of JavaScript a server spends its time in, by V8's own profiler.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What makes Node write a profile of each of its threads into a folder when it ends. */
export const profiling = (folder) => ({
  NODE_OPTIONS: `--import=${new URL('profiler.mjs', import.meta.url).href}`,
  PROFILE_FOLDER: folder,
});

/**
 * Reads the profiles of a folder.
 *
 * @param {number} messages that the server took in all
 * @returns {Map<string, number>} microseconds of a message by function, its callees not counted
 */
export function functionsOf(folder, messages) {
  const micros = new Map();
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.cpuprofile'))) {
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
    for (const [at, id] of samples.entries()) {
      const key = names.get(id);
      if (key !== null) micros.set(key, (micros.get(key) ?? 0) + timeDeltas[at] / messages);
    }
  }
  return micros;
}

/** A function with its file, such as `connection.js #read`; null for time in which nothing ran. */
function nameOf({ functionName, url, lineNumber }) {
  if (functionName === '(idle)' || functionName === '(root)') return null;
  if (functionName.startsWith('(')) return functionName;
  const file = url.replace(/^.*\/(?:dist|node_modules)\//, '').replace(/^file:.*\//, '');
  return `${file || 'native'} ${functionName || `line ${lineNumber + 1}`}`;
}
