// Every page in both themes, as wide as a large screen and as a phone: axe finds nothing serious.
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sendMail, shopMail } from './app.js';
import { remoteServer } from './remote.js';
import { MOVABLE_CLOCK, putAhead } from './surroundings.js';
import { eventually, openDashboard } from './browser-test.js';

const remote = await remoteServer();
afterAll(() => remote.close());
const here = openDashboard({ args: ['--deliver', remote.url], environment: MOVABLE_CLOCK });

const WIDTHS = [1280, 390] as const;
const COLOURS = ['light', 'dark'] as const;

interface Problem {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

let deferred = 0;
let bounced = 0;
let fine = 0;
beforeAll(async () => {
  const ids = await sendMail(
    here.gateway,
    { subject: 'Waits', to: 'full@example.net', headers: { 'X-OMS-Tags': 'order' } },
    { subject: 'Came back', to: 'gone@example.net', headers: { 'X-OMS-Tags': 'order' } },
    {
      ...{
        subject: 'Fine',
        to: 'anna@example.net',
        html: '<h1>Fine</h1><img src="http://127.0.0.1:9/x.png">',
      },
      attachments: [{ filename: 'a.pdf', content: 'x', contentType: 'application/pdf' }],
    },
    ...shopMail(20),
  );
  [deferred = 0, bounced = 0, fine = 0] = ids;
}, 60_000);

/** What axe calls serious or critical, in a form that says where it is. */
async function seriousProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  // The document of a message in its frame is that of its sender.
  const run = `axe.run(document, { iframes: false, resultTypes: ['violations'] }).then(({ violations }) => violations)`;
  const problems = await page.evaluate<Problem[]>(run);
  return problems
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
}

async function expectNoProblems(page: Page, name: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    for (const colorScheme of COLOURS) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect([name, width, colorScheme, await seriousProblems(page)]).toEqual([name, width, colorScheme, []]);
    }
  }
}

it('would find text with too little contrast, and a field without a name', async () => {
  const page = await here.open('/');
  await page.getByLabel('Password').waitFor();
  await page.evaluate(`{
    document.querySelector('h1').style.color = '#ccc';
    document.querySelector('label[for=secret]').remove();
  }`);
  const found = (await seriousProblems(page)).map((text) => text.slice(0, text.indexOf(':')));
  expect(found).toEqual(expect.arrayContaining(['color-contrast', 'label']));
});

it('finds nothing serious at the way in', async () => {
  const page = await here.open('/');
  await page.getByLabel('Password').waitFor();
  await expectNoProblems(page, 'sign-in');
  await page.getByLabel('Password').fill('wrong');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await expectNoProblems(page, 'sign-in, refused');
});

const text = (page: Page, words: string): Promise<void> => page.getByText(words).first().waitFor();
const PAGES: readonly (readonly [
  name: string,
  path: () => string,
  ready: (page: Page) => Promise<unknown>,
])[] = [
  ['messages', () => '/messages', (page) => page.locator('[data-message]').first().waitFor()],
  ['nothing found', () => '/messages?search=nothing', (page) => text(page, 'No message matches')],
  ['a wrong search', () => '/messages?search=is:lost', (page) => text(page, 'is: needs one of')],
  ['a deferred message', () => `/messages/${deferred}`, (page) => text(page, 'Details')],
  ['a bounced message', () => `/messages/${bounced}?view=headers`, (page) => text(page, 'Details')],
  ['attachments', () => `/messages/${fine}?view=attachments`, (page) => text(page, 'a.pdf')],
  ['HTML', () => `/messages/${fine}`, (page) => text(page, 'Load remote images')],
  ['the source', () => `/messages/${fine}?view=source`, (page) => text(page, 'Details')],
  ['no message', () => '/messages/1', (page) => text(page, 'There is no such message')],
  ['overview', () => '/overview', (page) => page.locator('canvas').waitFor()],
  ['tags', () => '/tags?tag=order&tag=password', (page) => page.locator('canvas').waitFor()],
  ['queue', () => '/queue', (page) => page.locator('tbody tr').first().waitFor()],
  ['domains', () => '/domains', (page) => page.locator('tbody tr').first().waitFor()],
  ['add a domain', () => '/domains?add=1', (page) => page.getByRole('dialog').waitFor()],
  ['tokens', () => '/domains/example.com/tokens', (page) => text(page, 'Token in use')],
  ['DNS', () => '/domains/example.com/dns', (page) => text(page, 'DKIM')],
  [
    'block list',
    () => '/domains/example.com/block-list',
    (page) => page.locator('tbody tr').first().waitFor(),
  ],
  ['webhook', () => '/domains/example.com/webhook', (page) => page.getByLabel('URL').waitFor()],
  ['retention', () => '/domains/example.com/retention', (page) => text(page, 'Save')],
  ['nodes', () => '/nodes', (page) => page.locator('tbody tr').first().waitFor()],
  ['settings', () => '/settings', (page) => text(page, 'API reference')],
];

it('finds nothing serious on any page', async () => {
  await eventually(async () => {
    const url = `${here.gateway.httpUrl}/api/v1/messages/${deferred}`;
    const answer = await fetch(url, { headers: { 'mailpace-server-token': here.gateway.token } });
    return ((await answer.json()) as { status: string }).status;
  }).toBe('deferred');
  const page = await here.openAsAdministrator('/messages');
  for (const [name, path, ready] of PAGES) {
    await page.goto(path());
    await ready(page);
    await expectNoProblems(page, name);
  }
}, 240_000);

it('finds nothing serious in the red banner', async () => {
  await sendMail(here.gateway, {
    subject: 'Waits too',
    to: ['full@example.net', 'full2@example.net', 'full3@example.net'],
  });
  putAhead(here.gateway, 4 * 60_000);
  const page = await here.openAsAdministrator('/messages');
  await eventually(async () => {
    await page.reload();
    await page.locator('[data-message]').first().waitFor();
    await page.waitForTimeout(200);
    return page.getByRole('alert').count();
  }).toBe(1);
  await expectNoProblems(page, 'stall');
  putAhead(here.gateway, 0);
}, 60_000);

it('finds nothing serious in the palette, the keys, the menu and the bar of marked messages', async () => {
  const page = await here.openAsAdministrator('/messages');
  await page.locator('[data-message]').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByText('1 message marked').waitFor();
  await expectNoProblems(page, 'marked');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('order');
  await page.getByRole('listbox').getByRole('option').first().waitFor();
  await expectNoProblems(page, 'palette');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await expectNoProblems(page, 'keys');
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 390, height: 800 });
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
  for (const colorScheme of COLOURS) {
    await page.emulateMedia({ colorScheme });
    expect([colorScheme, await seriousProblems(page)]).toEqual([colorScheme, []]);
  }
  // Within it, the menu of the person; Escape closes one after the other, and gives the focus back.
  await page.getByRole('button', { name: 'Administrator' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  for (const colorScheme of COLOURS) {
    await page.emulateMedia({ colorScheme });
    expect([colorScheme, await seriousProblems(page)]).toEqual([colorScheme, []]);
  }
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Sign out' }).waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Administrator' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('navigation', { name: 'Pages' }).waitFor({ state: 'hidden' });
  expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Menu');
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor({ state: 'hidden' });
}, 120_000);
