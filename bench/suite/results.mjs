// Keeps what was measured: JSON for programs, a page for people.
import { mkdirSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { page } from './page.mjs';

const folder = fileURLToPath(new URL('../results/', import.meta.url));

/** Writes both; gives lines that say where they are. A quick run is no result, and overwrites the one before. */
export async function keepResults(results) {
  mkdirSync(folder, { recursive: true });
  const name = results.quick ? 'quick' : results.date.slice(0, 19).replace(/[:T]/g, '-');
  const files = {
    [`${name}.json`]: `${JSON.stringify(results, null, 1)}\n`,
    [`${name}.html`]: await page(results),
  };
  return Object.entries(files).map(([file, text]) => {
    writeFileSync(folder + file, text, { flag: results.quick ? 'w' : 'wx' });
    return relative(process.cwd(), folder + file);
  });
}
