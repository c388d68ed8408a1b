// Pictures of each page, to be looked at: reports/dashboard/PAGE-WIDTH-COLOURS.png. They are made if asked for:
// SCREENSHOTS=1 npx vitest run test/dashboard/screenshots.test.ts
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { sendMail, shopMail } from './app.js';
import { remoteServer } from './remote.js';
import { MOVABLE_CLOCK, putAhead } from './surroundings.js';
import { openDashboard } from './browser-test.js';

const FOLDER = join(import.meta.dirname, '../../reports/dashboard');
const wanted = process.env['SCREENSHOTS'] !== undefined;
const remote = await remoteServer();
afterAll(() => remote.close());
const here = openDashboard({ args: ['--deliver', remote.url], environment: MOVABLE_CLOCK });

const SHAPES = [
  { name: '1280-light', viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  { name: '1280-dark', viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  { name: '390-light', viewport: { width: 390, height: 844 }, colorScheme: 'light' },
  { name: '390-dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
] as const;

it.runIf(wanted)(
  'takes pictures of each page',
  async () => {
    await mkdir(FOLDER, { recursive: true });
    await each('sign-in', '/', async () => undefined, false);
    await each('overview-empty', '/overview', (page) => page.locator('canvas').waitFor());
    await each('tags-empty', '/tags', (page) => page.getByText('No tag yet').waitFor());
    await each('messages-empty', '/messages', (page) => page.getByText('No message has come in').waitFor());
    await sendMail(here.gateway, ...shopMail(120));
    await each('messages', '/messages', (page) => page.locator('[data-message]').nth(2).waitFor());
    await each('messages-marked', '/messages?status=bounced&tag=order', async (page) => {
      await page.locator('[data-message]').nth(1).waitFor();
      await page.getByRole('checkbox').nth(1).click();
      await page.getByRole('checkbox').nth(2).click();
      await page.keyboard.press('/');
      await page.keyboard.type('is:');
      await page.getByRole('listbox').getByRole('option').first().waitFor();
    });
    const [full = '', gone = '', fine = ''] = await Promise.all(
      ['is:deferred', 'is:bounced', 'is:delivered to:team'].map(firstMatch),
    );
    const shown = (page: Page): Promise<void> => page.getByRole('heading', { name: 'Details' }).waitFor();
    await each('message-deferred', full, shown);
    await each('message-bounced', `${gone}?view=headers`, shown);
    await each('message', fine, shown);
    await each('overview', '/overview', (page) => page.locator('canvas').waitFor());
    await each('tags', '/tags?tag=order&tag=password&metric=bounceRate', (page) =>
      page.locator('canvas').waitFor(),
    );
    await each('queue', '/queue', (page) => page.locator('tbody tr').first().waitFor());
    await each('nodes', '/nodes', (page) => page.locator('tbody tr').first().waitFor());
    await each('settings', '/settings', (page) => page.getByText('API reference').waitFor());
    await each('domains', '/domains', (page) => page.locator('tbody tr').first().waitFor());
    await each('domain-tokens', '/domains/example.com/tokens', async (page) => {
      await page.getByRole('button', { name: 'Create a new token' }).click();
      await page.getByRole('button', { name: 'Create the token' }).click();
      await page.getByText('It is not shown again').waitFor();
    });
    await each('domain-dialog', '/domains/example.com/tokens', async (page) => {
      await page.getByRole('button', { name: 'Create a new token' }).click();
      await page.getByRole('button', { name: 'Create the token' }).waitFor();
    });
    await sendMail(here.gateway, {
      to: ['full@example.net', 'full2@example.net', 'full3@example.net'],
      subject: 'Your invoice 42',
    });
    putAhead(here.gateway, 4 * 60_000);
    await each('stall', '/messages', (page) => page.getByRole('alert').waitFor());
    putAhead(here.gateway, 0);
    await each('keys', '/messages', async (page) => {
      await page.locator('[data-message]').first().waitFor();
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    });
    await each('menu', '/messages', async (page) => {
      await page.locator('[data-message]').first().waitFor();
      if ((page.viewportSize()?.width ?? 0) < 800) await page.getByRole('button', { name: 'Menu' }).click();
      await page.getByRole('button', { name: 'Administrator' }).click();
    });
    await each('palette', '/messages', async (page) => {
      await page.locator('[data-message]').first().waitFor();
      await page.keyboard.press('Control+k');
      await page.keyboard.type('re');
      await page.getByRole('option', { name: /→/ }).first().waitFor();
    });
    await each('domain-dns', '/domains/example.com/dns', (page) =>
      page.getByText('SPF', { exact: true }).waitFor({ timeout: 25_000 }),
    );
    await each('domain-block-list', '/domains/example.com/block-list', (page) =>
      page.locator('tbody tr').first().waitFor(),
    );
    await each('domain-webhook', '/domains/example.com/webhook', (page) => page.getByLabel('URL').waitFor());
    await each('domain-retention', '/domains/example.com/retention', (page) =>
      page.getByRole('button', { name: 'Save' }).waitFor(),
    );
    await each('messages-none', '/messages?search=nothing', (page) =>
      page.getByText('No message matches').waitFor(),
    );
    expect(remote.taken.length).toBeGreaterThan(0);
  },
  300_000,
);

/** A window of each shape, signed in once: the server limits how often a person may sign in. */
const windows = new Map<string, Page>();

async function each(
  name: string,
  path: string,
  ready: (page: Page) => Promise<void>,
  signedIn = true,
): Promise<void> {
  for (const { name: shape, ...context } of SHAPES) {
    const page = signedIn
      ? (windows.get(shape) ?? (await here.openAsAdministrator(path, context)))
      : await here.open(path, context);
    if (windows.has(shape)) await page.goto(path);
    if (signedIn) windows.set(shape, page);
    await ready(page);
    await page.waitForTimeout(150);
    await page.screenshot({ path: join(FOLDER, `${name}-${shape}.png`) });
  }
}

/** Returns the address of the newest message that a search finds. */
async function firstMatch(search: string): Promise<string> {
  const url = `${here.gateway.httpUrl}/api/v1/messages?limit=1&search=${encodeURIComponent(search)}`;
  const answer = await fetch(url, { headers: { 'mailpace-server-token': here.gateway.token } });
  const { messages } = (await answer.json()) as { messages: { id: number }[] };
  return `/messages/${messages[0]?.id ?? 0}`;
}
