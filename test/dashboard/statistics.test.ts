// The pages with numbers: charts that are drawn, tags compared and shared, the queue, and the red banner.
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { painted } from '../browser.js';
import { sendMail } from './app.js';
import { MOVABLE_CLOCK, putAhead } from './surroundings.js';
import { remoteServer } from './remote.js';
import { eventually, openDashboard } from './browser-test.js';

const remote = await remoteServer();
afterAll(() => remote.close());
const here = openDashboard({ args: ['--deliver', remote.url], environment: MOVABLE_CLOCK });
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function tagged(tag: string, ...to: readonly string[]) {
  return to.map((local) => ({ to: `${local}@example.net`, headers: { 'X-OMS-Tags': tag } }));
}

/** The cells of a row, by its heading. */
function cells(page: Page, heading: string): Promise<string[]> {
  const name = page.getByRole('rowheader', { name: heading, exact: true });
  return page.getByRole('row').filter({ has: name }).getByRole('cell').allTextContents();
}

it('says in red on every page, within minutes, that mail is accepted and none is delivered', async () => {
  const { gateway } = here;
  await sendMail(gateway, { subject: 'Out' });
  await eventually(() => remote.taken.length).toBe(1);
  // One full mailbox is no fault of the server; three of them without any delivery are.
  const to = ['full@example.net', 'full2@example.net', 'full3@example.net'];
  await sendMail(gateway, { subject: 'Stuck', to });
  const page = await here.openAsAdministrator('/messages');
  await page.getByRole('row').filter({ hasText: 'Stuck' }).getByText('Deferred').waitFor();
  const banner = page.getByRole('alert').filter({ hasText: 'Mail is accepted, and none is delivered' });
  await page.goto('/overview');
  await page.getByRole('heading', { name: 'Mail over time' }).waitFor();
  expect(await banner.count()).toBe(0);

  putAhead(gateway, 4 * MINUTE);
  for (const [path, heading] of [
    ['/overview', 'Overview'],
    ['/messages', 'Messages'],
  ] as const) {
    await eventually(async () => {
      await page.goto(path);
      await page.getByRole('heading', { name: heading }).waitFor();
      await page.waitForTimeout(200);
      return banner.count();
    }).toBe(1);
  }
  expect(await banner.textContent()).toContain('452 4.2.2 The mailbox is full, try again later');
  await page.getByRole('link', { name: 'See what waits, and why' }).click();
  await page.getByRole('heading', { name: 'Queue' }).waitFor();
  await page.getByText('full@example.net').waitFor();

  await sendMail(gateway, { subject: 'Out again' });
  await eventually(() => remote.taken.length).toBe(2);
  await eventually(async () => {
    await page.reload();
    await page.getByRole('heading', { name: 'Queue' }).waitFor();
    await page.waitForTimeout(200);
    return banner.count();
  }).toBe(0);
}, 60_000);

/** Pixels of the line of a colour in the upper half of the chart: lines of zero are at its bottom. */
function linePixels(page: Page, color: string): Promise<number> {
  return page.evaluate<number>(`{
    const canvas = document.querySelector('canvas');
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = 'var(${color})';
    const wanted = getComputedStyle(probe).color.match(/[0-9]+/g).map(Number);
    probe.remove();
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height / 2);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] > 200 && wanted.every((value, index) => Math.abs(data[at + index] - value) < 24)) count++;
    }
    count;
  }`);
}

it('leads from each figure to the messages of the span that is shown, and counts what is held', async () => {
  await sendMail(here.gateway, { subject: 'Of this span' });
  // Hours are counted from their beginning, so the list begins there too.
  const firstHour = (): string =>
    new Date(Math.floor(Date.now() / HOUR) * HOUR - 7 * 24 * HOUR).toISOString();
  const before = firstHour();
  const page = await here.openAsAdministrator('/overview?span=7d');
  const figure = (name: string) => page.locator('.figure').filter({ hasText: name });
  await figure('Accepted').waitFor();
  const link = (await figure('Delivered').getAttribute('href')) ?? '';
  // An hour may end while the page is open.
  const hour = new URL(link, here.gateway.httpUrl).searchParams.get('since') ?? '';
  expect([before, firstHour()]).toContain(hour);
  const query = new URLSearchParams([
    ...Object.entries({ notifications: 'none', since: hour }),
    ['status', 'delivered'],
  ]);
  expect(link).toBe(`/messages?${query.toString()}`);
  expect(await figure('Held now').getAttribute('href')).toBe('/messages?status=held');
  expect(await figure('Held now').textContent()).toContain('0');
  // Attempts are no messages: their number leads nowhere.
  expect(await figure('Attempts deferred').getAttribute('href')).toBeNull();
  await figure('Delivered').click();
  await page.getByRole('row').filter({ hasText: 'Of this span' }).waitFor();
  expect(await page.getByLabel('Received').inputValue()).toBe(hour);
  await page.getByRole('button', { name: 'Remove the condition without notifications' }).waitFor();
});

it('draws lines in charts, with the same numbers in a table', async () => {
  const page = await here.openAsAdministrator('/overview');
  await page.locator('canvas').waitFor();
  await eventually(() => linePixels(page, '--accent-text')).toBeGreaterThan(10);
  await page.getByText('Show as a table').click();
  const newest = (await page.getByRole('rowheader').first().textContent()) ?? '';
  const [accepted, delivered] = (await cells(page, newest)).map(Number);
  expect(accepted).toBeGreaterThanOrEqual(2);
  expect(delivered).toBeGreaterThanOrEqual(1);

  await page.route('**/api/v1/statistics?*', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), points: [] } });
  });
  await page.reload();
  await page.locator('canvas').waitFor();
  await eventually(async () => (await painted(page))[0] ?? 0).toBeGreaterThan(0);
  expect(await linePixels(page, '--accent-text')).toBe(0);
});

it('draws charts anew if the operating system turns dark', async () => {
  const page = await here.openAsAdministrator('/overview', { colorScheme: 'light' });
  const picture = (): Promise<string> =>
    page.evaluate<string>(`document.querySelector('canvas')?.toDataURL()`);
  await page.locator('canvas').waitFor();
  const light = await picture();
  await page.emulateMedia({ colorScheme: 'dark' });
  await eventually(picture).not.toBe(light);
  await page.emulateMedia({ colorScheme: 'light' });
  await eventually(picture).toBe(light);
});

it('answers which tag bounces most; notifications about bounces do not count', async () => {
  await sendMail(
    here.gateway,
    ...tagged('order', 'gone1', 'gone2', 'gone3', 'anna'),
    ...tagged('welcome', 'bo', 'chidi', 'gone4', 'dolores'),
    ...tagged('billing', 'eliot', 'farah'),
  );
  // Each bounce sends a notification, which is delivered: 7 messages and 4 notifications beside the three before.
  await eventually(() => remote.taken.length).toBe(3 + 6 + 4);
  const page = await here.openAsAdministrator('/tags');
  await eventually(async () => {
    await page.reload();
    await page.getByRole('rowheader', { name: 'order' }).waitFor();
    return (await cells(page, 'order')).slice(1, 6);
  }).toEqual(['4', '75 %', '3', '25 %', '1']);
  await page.getByRole('button', { name: 'Bounce rate' }).last().click();
  await page.waitForURL(/sort=bounceRate/);
  expect(await page.getByRole('rowheader').allTextContents()).toEqual(['order', 'welcome', 'billing']);

  // On a phone, without a movement to the side.
  await page.setViewportSize({ width: 390, height: 800 });
  const rate = page.getByRole('columnheader', { name: 'Bounce rate' });
  const { x = 390, width = 0 } = (await rate.boundingBox()) ?? {};
  expect(x + width).toBeLessThanOrEqual(390);
});

it('opens from each number the messages that it counts, without notifications about them', async () => {
  const page = await here.openAsAdministrator('/overview');
  const rows = (): Promise<number> => page.locator('[data-message]').count();
  const accepted = page.locator('.figure').filter({ hasText: 'Accepted' });
  const count = Number(await accepted.locator('.figure-value').textContent());
  await accepted.click();
  await eventually(rows).toBe(count);
  await page.goto('/tags');
  const name = page.getByRole('rowheader', { name: 'order' });
  await name.waitFor();
  expect((await cells(page, 'order'))[1]).toBe('4');
  await name.getByRole('link').click();
  await eventually(rows).toBe(4);
  // The notifications about the three bounces have the tag for their route.
  await page.getByRole('button', { name: 'Remove the condition without notifications' }).click();
  await eventually(rows).toBe(7);
});

it('compares tags, shows the same to a person who gets the URL, and writes CSV', async () => {
  const page = await here.openAsAdministrator('/tags?sort=bounceRate');
  await page.getByLabel('Compare order').check();
  await page.getByLabel('Compare welcome').check();
  await page.getByRole('group', { name: 'Compare by' }).getByRole('button', { name: 'Bounce rate' }).click();
  await page.locator('canvas').waitFor();
  const other = await here.openAsAdministrator(page.url());
  await other.locator('canvas').waitFor();
  expect(await other.getByLabel('Compare order').isChecked()).toBe(true);
  expect(await other.getByRole('button', { name: 'Compare without welcome' }).count()).toBe(1);
  await eventually(async () => (await painted(other))[0] ?? 0).toBeGreaterThan(0);
  const [download] = await Promise.all([
    other.waitForEvent('download'),
    other.getByRole('button', { name: 'CSV' }).click(),
  ]);
  const lines = (await readFile(await download.path(), 'utf8')).trim().split(/\r?\n/);
  expect(lines).toHaveLength(4);
  expect(lines[1]).toMatch(/^order,4,4,1,0,3,0,0.25,0.75,/);
});

it('shows what waits and why, and gives it up', async () => {
  const page = await here.openAsAdministrator('/queue');
  const waiting = page.getByRole('row').filter({ hasText: 'full@example.net' });
  await waiting.getByText('452 4.2.2').waitFor();
  await waiting.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('1 message cancelled').waitFor();
  await page.getByText('Nothing waits').waitFor();
});
