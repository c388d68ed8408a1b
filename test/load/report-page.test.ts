// The page of a report in a real browser: what counts is that both charts are drawn, and that nothing is fetched.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runPlan, startSink } from '../../src/load/index.js';
import { comparePage } from '../../src/load/report/compare-page.js';
import { reportPage } from '../../src/load/report/page.js';
import type { Report } from '../../src/load/report/report.js';
import { painted, startBrowser, type Started } from '../browser.js';
import { scratch } from '../scratch.js';
import { planFor, sinkPlan } from './plan.js';

let started: Started;
let report: Report;

beforeAll(async () => {
  const sink = await startSink(sinkPlan({ tempfail: 0.1 }));
  report = await runPlan(planFor(sink.listening[0]?.port ?? 0, { messages: null, duration: 1_100 }));
  await sink.close(1_000);
  started = await startBrowser();
}, 120_000);

afterAll(() => started.browser?.close());

/**
 * Returns the elements of charts that reach beyond their card or the window, tables that do not fit into their card, numbers
 * that are broken into two lines, and the page if it scrolls sideways.
 */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[
    ...Array.from(document.querySelectorAll('.chart *'))
      .filter((element) => element.getBoundingClientRect().right >
        Math.min(innerWidth, element.closest('.card').getBoundingClientRect().right))
      .map((element) => element.tagName + '.' + element.className),
    ...Array.from(document.querySelectorAll('.scroll'))
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
      .map((element) => 'table ' + element.textContent),
    ...Array.from(document.querySelectorAll('td'))
      .filter((cell) => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        return /^[\\d,.]+$/.test(cell.textContent) && range.getClientRects().length > 1;
      })
      .map((cell) => 'number ' + cell.textContent),
    ...(document.documentElement.scrollWidth > innerWidth ? ['page'] : []),
  ]`);
}

describe('the page', () => {
  it('shows the figures without a script, and escapes every text from the server', async () => {
    const hostile = '<script>alert(1)</script>';
    const page = await reportPage({
      ...report,
      faults: { replies: { 451: `451 ${hostile}` }, errors: {} },
      target: hostile,
    });
    expect(page).not.toContain(hostile);
    expect(page).toContain('messages/s');
    expect(page).toContain("default-src 'none'");
  });

  it('of two runs shows their figures and what is not the same, and escapes names', () => {
    const slower = { ...report, messagesPerSecond: report.messagesPerSecond / 2 };
    const other = { ...slower, settings: { ...report.settings, connections: 77, own: 2 } };
    const page = comparePage(['<a>.json', report], ['b.json', other]);
    expect(page).not.toContain('<a>');
    expect(page).not.toContain('<script');
    expect(page).toMatch(/<td>messages\/s<\/td><td>[^<]+<\/td><td>[^<]+<\/td><td>0\.50×<\/td>/);
    expect(page).toContain('These settings are not the same: connections, message.');
    expect(comparePage(['a', report], ['b', slower])).not.toContain('not the same');
  });

  it('says from which moment latency counts', async () => {
    expect(await reportPage(report)).not.toContain('intended start');
    const schedule = { perSecond: 500, arrivals: 'poisson', ramp: 0 } as const;
    const open = { ...report, service: report.latency, settings: { ...report.settings, schedule } };
    const page = await reportPage(open);
    expect(page).toContain('From when each message was due (its intended start)');
    expect(page).toContain('open loop at 500 messages/s (poisson)');
  });

  it('draws all charts, light and dark', async ({ skip }) => {
    const { browser } = started;
    if (browser === null) return skip(started.why);
    const file = join(await scratch(), 'report.html');
    await writeFile(file, await reportPage(report));
    // One page only: this browser is one process, and ends with its first page.
    const page = await browser.newPage({ locale: 'en-US', viewport: { width: 1100, height: 900 } });
    const wrong: string[] = [];
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) wrong.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForSelector('#latency canvas');
      const pixels = await painted(page);
      expect(pixels).toHaveLength(3);
      for (const count of pixels) expect(count).toBeGreaterThan(2_000);
    }
    expect(await page.textContent('h1')).toBe(report.target);
    // On a phone as well, whether the page is opened there or the window becomes narrow.
    for (const [width, reload] of [
      [390, false],
      [390, true],
      [320, true],
    ] as const) {
      await page.setViewportSize({ width, height: 844 });
      if (reload) await page.reload();
      await expect.poll(() => tooWide(page)).toEqual([]);
      for (const count of await painted(page)) expect(count).toBeGreaterThan(1_000);
      await page.setViewportSize({ width: 1100, height: 900 });
    }
    const compared = join(await scratch(), 'compared.html');
    await writeFile(compared, comparePage(['before-a-change.json', report], ['after.json', report]));
    await page.goto(pathToFileURL(compared).href);
    expect(await page.locator('.bar').count()).toBe(10);
    for (const width of [1100, 390, 320]) {
      await page.setViewportSize({ width, height: 844 });
      await expect.poll(() => tooWide(page)).toEqual([]);
    }
    expect(wrong).toEqual([]);
  });
});
