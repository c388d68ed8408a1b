// The tables of measured figures must be those that the suite printed for a run whose results are kept.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

it('docs/performance.md has the tables of the results that it names', () => {
  const page = readFileSync(join(root, 'docs/performance.md'), 'utf8');
  const [named] = /bench\/results\/[\d-]+\.json/.exec(page) ?? [];
  expect(named).toBeDefined();
  const script = join(root, 'bench/table.mjs');
  const tables = execFileSync('node', [script, join(root, named ?? '')], { encoding: 'utf8' });
  for (const part of tables.trim().split('\n\n')) expect(page).toContain(part);
});
