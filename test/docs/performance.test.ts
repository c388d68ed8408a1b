// The tables of measured figures are what the suite made of a run that is kept, not what somebody remembers of it.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const results = join(root, 'bench/results');

it('docs/performance.md has the tables of the last results that are kept, and names them', () => {
  const kept = readdirSync(results)
    .filter((name) => /^\d{4}-.*\.json$/.test(name))
    .sort();
  const last = kept.at(-1) ?? 'none';
  const tables = execFileSync('node', [join(root, 'bench/table.mjs'), join(results, last)], {
    encoding: 'utf8',
  });
  const page = readFileSync(join(root, 'docs/performance.md'), 'utf8');
  for (const part of tables.trim().split('\n\n')) expect(page).toContain(part);
  expect(page).toContain(`bench/results/${last}`);
});
