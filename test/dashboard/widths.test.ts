// No page is wider than the window, from a small phone to a large screen, with names as long as real ones get.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sendMail } from './app.js';
import { remoteServer } from './remote.js';
import { openDashboard, PASSWORD } from './browser-test.js';

const remote = await remoteServer();
afterAll(() => remote.close());
const here = openDashboard({
  args: ['--deliver', remote.url],
  environment: { POSTERN_DELIVERY_WEBHOOK_PRIVATE: 'allow' },
});

const WIDTHS = [320, 390, 810, 1280] as const;
const DOMAIN = 'notifications-and-receipts.international-department-store.example';
const LONG = 'maximiliane.von-und-zu-hohenstein.accounting.department';
const AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36';

let deferred = 0;
let bounced = 0;
let fine = 0;
beforeAll(async () => {
  const { gateway } = here;
  const added = await gateway.postern('domain', 'add', DOMAIN, '--json');
  const { token } = JSON.parse(added.stdout) as { token: string };
  const headers = {
    'X-OMS-Tags': 'weekly-summary-of-orders-and-returns-for-the-accounting-department, order',
  };
  const from = `Accounting <${LONG}@${DOMAIN}>`;
  const subject = `Re: ${'Donaudampfschifffahrtsgesellschaftskapitän'.repeat(3)} ${'and more words '.repeat(12)}`;
  const text = `https://example.com/${'a-long-path/'.repeat(20)}`;
  [deferred = 0, bounced = 0, fine = 0] = await sendMail(
    { port: gateway.port, token },
    { from, subject, to: `full1@mailboxes.${DOMAIN}`, headers, text },
    { from, subject, to: `gone1@mailboxes.${DOMAIN}`, headers, text },
    {
      ...{ from, subject, headers, text },
      to: [`${LONG}@mailboxes.${DOMAIN}`, `${LONG}2@mailboxes.${DOMAIN}`],
      html: `<p>${text}</p>`,
      attachments: [{ filename: `${'invoice-of-november-'.repeat(8)}.pdf`, content: 'x' }],
    },
  );
  const answer = await fetch(`${gateway.httpUrl}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': AGENT },
    body: JSON.stringify({ password: PASSWORD }),
  });
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const put = async (method: string, path: string, body: object): Promise<void> => {
    const url = `${gateway.httpUrl}/api/v1/domains/${DOMAIN}${path}`;
    const headers = { cookie, 'content-type': 'application/json', origin: gateway.httpUrl };
    const made = await fetch(url, { method, headers, body: JSON.stringify(body) });
    expect([path, made.status < 300 ? '' : await made.text()]).toEqual([path, '']);
  };
  await put('PUT', '/webhook', {
    url: `http://127.0.0.1:9/${'events-of-the-mail-of-the-store/'.repeat(4)}`,
    events: ['email.queued', 'email.delivered', 'email.deferred', 'email.bounced'],
  });
  await put('POST', '/webhook/test', { name: 'email.delivered' });
  await put('POST', '/dkim', { algorithm: 'rsa' });
}, 60_000);

/**
 * What is wider than its place: the page itself, and elements that stand out of the window, unless something around them
 * scrolls or cuts them.
 */
function standsOut(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`{
    const wide = innerWidth + 1;
    const root = document.documentElement;
    const held = (element) => {
      for (let at = element.parentElement; at !== null && at !== document.body; at = at.parentElement) {
        if (getComputedStyle(at).overflowX !== 'visible' && at.getBoundingClientRect().right <= wide) return at.id !== 'main';
      }
      return false;
    };
    const out = [...document.body.querySelectorAll('*')].filter((element) => {
      const { right, width } = element.getBoundingClientRect();
      return width > 0 && right > wide && !held(element);
    });
    [
      ...(root.scrollWidth > root.clientWidth ? ['the page by ' + (root.scrollWidth - root.clientWidth)] : []),
      ...out.slice(0, 5).map((element) => element.outerHTML.slice(0, 160)),
    ];
  }`);
}

const text = (page: Page, words: string): Promise<void> => page.getByText(words).first().waitFor();
const row = (page: Page): Promise<void> =>
  page.getByRole('rowheader').or(page.locator('tbody td')).first().waitFor();
const PAGES: readonly (readonly [path: () => string, ready: (page: Page) => Promise<unknown>])[] = [
  [() => '/messages', (page) => page.locator('[data-message]').first().waitFor()],
  [
    () => '/messages?tag=order&domain=example.com&status=held&status=queued',
    (page) => text(page, 'No message matches'),
  ],
  [() => '/messages?search=is:lost', (page) => text(page, 'is: needs one of')],
  [() => `/messages/${deferred}`, (page) => text(page, 'Details')],
  [() => `/messages/${bounced}?view=headers`, (page) => text(page, 'Details')],
  [() => `/messages/${fine}`, (page) => text(page, 'Details')],
  [() => `/messages/${fine}?view=attachments`, (page) => text(page, 'invoice-of-november')],
  [() => `/messages/${fine}?view=source`, (page) => text(page, 'Details')],
  [() => `/messages/${fine}?view=links`, (page) => text(page, 'Details')],
  [() => '/overview', (page) => page.locator('canvas').waitFor()],
  [() => '/tags?tag=order', (page) => page.locator('canvas').waitFor()],
  [() => '/queue', row],
  [() => '/domains', row],
  [() => `/domains/${DOMAIN}/tokens`, (page) => text(page, 'Token in use')],
  [() => `/domains/${DOMAIN}/dns`, (page) => text(page, 'DKIM')],
  [() => `/domains/${DOMAIN}/block-list`, row],
  [() => `/domains/${DOMAIN}/webhook`, row],
  [() => `/domains/${DOMAIN}/retention`, (page) => text(page, 'Save')],
  [() => '/nodes', row],
  [() => '/settings', (page) => text(page, 'Configuration in force')],
];

it('would find what is too wide', async () => {
  const page = await here.open('/');
  await page.getByLabel('Password').waitFor();
  expect(await standsOut(page)).toEqual([]);
  await page.evaluate(`document.querySelector('form').style.width = '3000px'`);
  expect((await standsOut(page)).length).toBeGreaterThan(0);
});

it('shows no page that is wider than the window', async () => {
  const page = await here.openAsAdministrator('/messages');
  const found: unknown[] = [];
  for (const [path, ready] of PAGES) {
    await page.goto(path());
    await ready(page);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      await page.waitForTimeout(50);
      const out = await standsOut(page);
      if (out.length > 0) found.push([path(), width, out]);
    }
  }
  expect(found).toEqual([]);
}, 240_000);

it('leaves the subject of a message its room, at any width', async () => {
  const page = await here.openAsAdministrator('/messages');
  const subject = page.locator('.message-row .cell-subject').first();
  await subject.waitFor();
  for (const width of [320, 810, 1000, 1101, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    expect([width, ((await subject.boundingBox())?.width ?? 0) > 150]).toEqual([width, true]);
  }
});

it('shows each message in one line, at any width beyond a phone', async () => {
  const page = await here.openAsAdministrator('/messages');
  const row = page.locator('.message-row').first();
  await row.waitFor();
  for (const width of [801, 810, 900, 1000, 1050, 1101, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const [subject, time] = await Promise.all(
      ['.cell-subject', '.cell-time'].map((cell) => row.locator(cell).boundingBox()),
    );
    const middle = (box: typeof subject): number => (box?.y ?? 0) + (box?.height ?? 0) / 2;
    expect([width, Math.abs(middle(subject) - middle(time)) < 4]).toEqual([width, true]);
  }
});

it('shows on a phone what waits for a try, when the next one is, and names the numbers of a node', async () => {
  const page = await here.openAsAdministrator('/queue', { viewport: { width: 390, height: 800 } });
  const waiting = page.getByRole('row').filter({ hasText: 'full1@' });
  await waiting.getByText(/^in \d+ (second|minute|hour)s?$|^in a moment$|^now$/).waitFor();
  const label = (selector: string): Promise<string> =>
    page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}'), '::before').content`);
  expect(await label('[data-label="Next try"]')).toBe('"Next try: "');
  await page.goto('/nodes');
  await row(page);
  for (const name of ['Connections', 'Delivering', 'Processor', 'Memory']) {
    await page.locator(`[data-label="${name}"]`).waitFor();
  }
});
