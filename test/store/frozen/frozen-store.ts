import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import type * as Postgres from '../../../src/store/postgres/index.js';

const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

/**
 * Returns the store on PostgreSQL as it was in the last release: its own code, with its own statements and schema.
 * `freeze.mjs` made the file. It imports `pg`, so it is run from a folder where that is found.
 */
export async function frozenStore(): Promise<typeof Postgres> {
  mkdirSync(join(MODULES, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(MODULES, '.cache', 'frozen-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'store.mjs');
  writeFileSync(file, gunzipSync(readFileSync(new URL('postgres-store.mjs.gz', import.meta.url))));
  return (await import(pathToFileURL(file).href)) as typeof Postgres;
}
