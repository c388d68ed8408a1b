// The page of the benchmark suite in a real browser: a chart for each scenario that is kept, and nothing fetched.
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { painted, startBrowser, type Started } from '../browser.js';
import { scratch } from '../scratch.js';

const bench = join(import.meta.dirname, '../../bench');
const results = join(bench, 'results');

interface Page {
  readonly page: (results: unknown) => Promise<string>;
}

let started: Started;

beforeAll(async () => {
  // A locale that is no language: the charts are drawn all the same.
  started = await startBrowser({ LC_ALL: 'C', LANGUAGE: '' });
}, 120_000);

afterAll(() => started.browser?.close());

it('draws all charts of the last results that are kept', async ({ skip }) => {
  const { browser } = started;
  if (browser === null) return skip(started.why);
  const last = readdirSync(results)
    .filter((name) => /^\d{4}-.*\.json$/.test(name))
    .sort()
    .at(-1);
  const kept: unknown = JSON.parse(await readFile(join(results, last ?? 'none'), 'utf8'));
  const suite = (await import(pathToFileURL(join(bench, 'suite/page.mjs')).href)) as Page;
  const file = join(await scratch(), 'page.html');
  await writeFile(file, await suite.page(kept));
  const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) wrong.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  // If there is no chart, the error of the page says why.
  await page.waitForSelector('canvas', { timeout: 10_000 }).catch(() => undefined);
  const charts = await page.locator('.chart').count();
  const pixels = await painted(page);
  expect(wrong).toEqual([]);
  expect(charts).toBeGreaterThan(5);
  expect(pixels.length).toBeGreaterThanOrEqual(charts);
  for (const count of pixels) expect(count).toBeGreaterThan(2_000);
});
