// The page of a message: what it says, what became of it, and what can be done.
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { sendMail } from './app.js';
import { remoteServer } from './remote.js';
import { openDashboard } from './browser-test.js';

const remote = await remoteServer();
afterAll(() => remote.close());
const here = openDashboard({ args: ['--deliver', remote.url] });

async function opened(id: number | undefined, view = ''): Promise<Page> {
  const page = await here.openAsAdministrator(`/messages/${id ?? 0}${view}`);
  await page.getByRole('heading', { name: 'Details' }).waitFor();
  return page;
}

it('says why a message is not delivered and when it is tried next', async () => {
  const [full, gone] = await sendMail(
    here.gateway,
    { to: 'full@example.net' },
    { to: ['gone@example.net', 'anna@example.net'] },
  );
  const page = await opened(full);
  const why = page.getByRole('region', { name: 'Why it is not delivered' });
  await why.getByText('452 4.2.2 The mailbox is full, try again later').waitFor();
  expect(await why.textContent()).toContain('The mailbox is full: only its owner can change that.');
  expect(await why.textContent()).toMatch(/What next\? 1 try so far\. The next try is in/);

  await page.goto(`/messages/${gone ?? 0}`);
  await why.getByText('550 5.1.1').waitFor();
  expect(await why.textContent()).toContain('to gone@example.net? 127.0.0.1 refused it for good.');
  const delivered = page.getByRole('listitem').filter({ hasText: 'anna@example.net' });
  await delivered.getByText('Delivered', { exact: true }).first().waitFor();
});

it('says that a server without routes keeps all mail', async () => {
  const [id] = await sendMail(here.gateway, { subject: 'x' });
  const page = await here.openAsAdministrator('/');
  const held = { status: 'held', attempts: [], nextAttemptAt: null };
  await page.route(`**/api/v1/messages/${id ?? 0}`, async (route) => {
    const answer = await route.fetch();
    const body = (await answer.json()) as { recipients: object[] };
    body.recipients = body.recipients.map((each) => ({ ...each, ...held }));
    await route.fulfill({ response: answer, json: { ...body, status: 'held' } });
  });
  await page.route('**/api/v1/server', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({
      response: answer,
      json: { ...((await answer.json()) as object), delivers: false },
    });
  });
  await page.goto(`/messages/${id ?? 0}`);
  await page.getByText('Delivery is off: no deliver URL is configured').waitFor();
  await page.getByRole('button', { name: 'Release' }).waitFor();
});

it('shows text, headers, source, attachments, links and the receiver’s unsubscribe link', async () => {
  const [id] = await sendMail(here.gateway, {
    subject: 'Grüße ✓',
    text: 'Your code is 481516. See https://example.com/confirm?t=1.',
    html: '<p>Your code is <b>481516</b></p>',
    attachments: [{ filename: 'invoice ü.pdf', content: '%PDF-1.7 x' }],
    headers: { 'X-List-Unsubscribe': '<https://example.com/leave>', 'X-Custom': 'kept' },
  });
  const page = await opened(id, '?view=text');
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Grüße ✓');
  const link = page.getByRole('tabpanel').getByRole('link');
  expect(await link.getAttribute('href')).toBe('https://example.com/confirm?t=1');
  expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
  expect(await page.getByRole('link', { name: 'https://example.com/leave' }).count()).toBe(1);

  await page.getByRole('tab', { name: 'Headers' }).click();
  await page.getByRole('row', { name: 'X-Custom kept' }).waitFor();
  await page.getByRole('tab', { name: 'Source' }).click();
  await page.getByText('X-Custom: kept').waitFor();
  await page.getByRole('tab', { name: 'Links' }).click();
  await page.getByText('Looks like a one-time code').waitFor();

  await page.getByRole('tab', { name: 'Attachments 1' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'invoice ü.pdf' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe('invoice ü.pdf');
  expect(await readFile(await file.path(), 'latin1')).toBe('%PDF-1.7 x');
});

it('shows the HTML with its own pictures, in three widths', async () => {
  const picture = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
    'base64',
  );
  const [id] = await sendMail(here.gateway, {
    html: '<h1>Hello there</h1><img src="cid:dot@x" id="dot"><a href="https://example.com/">go</a>',
    attachments: [{ filename: 'dot.png', content: picture, cid: 'dot@x' }],
  });
  const page = await opened(id);
  const frame = page.frameLocator('iframe');
  await frame.getByRole('heading', { name: 'Hello there' }).waitFor();
  await frame.locator('#dot').evaluate((image: { decode(): Promise<void> }) => image.decode());
  const width = async (): Promise<number> => (await page.locator('iframe').boundingBox())?.width ?? 0;
  const full = await width();
  await page.getByRole('button', { name: 'Phone' }).click();
  expect(await width()).toBe(375);
  await page.getByRole('button', { name: 'Full width' }).click();
  expect(await width()).toBe(full);
  expect(await page.getByRole('button', { name: 'Load remote images' }).count()).toBe(0);
});

it('resends, retries, cancels and deletes', async () => {
  const [id] = await sendMail(here.gateway, { subject: 'Acted upon', to: 'full@example.net' });
  const page = await opened(id);
  await page.getByRole('button', { name: 'Retry now' }).click();
  await page.getByText('1 message will be tried now').waitFor();
  await page.getByText('2 tries so far').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('A person cancelled it.').waitFor();

  await page.getByRole('button', { name: 'Resend' }).click();
  await page.waitForURL((url) => !url.pathname.endsWith(String(id)));
  await page.getByText('452 4.2.2').first().waitFor();

  await page.goto(`/messages/${id ?? 0}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('1 message deleted').waitFor();
  await page.waitForURL('**/messages');
  await page.goto(`/messages/${id ?? 0}`);
  await page.getByRole('heading', { name: 'There is no such message' }).waitFor();
});

it('steps through the list that the person came from', async () => {
  await sendMail(here.gateway, { subject: 'Step one' }, { subject: 'Step two' }, { subject: 'Step three' });
  const page = await here.openAsAdministrator('/messages?search=step');
  await page.getByRole('link', { name: 'Step three' }).click();
  await page.getByRole('heading', { name: 'Step three' }).waitFor();
  await page.keyboard.press('j');
  await page.getByRole('heading', { name: 'Step two' }).waitFor();
  await page.keyboard.press('j');
  await page.getByRole('heading', { name: 'Step one' }).waitFor();
  await page.keyboard.press('k');
  await page.getByRole('heading', { name: 'Step two' }).waitFor();
  await page.keyboard.press('Escape');
  await page.waitForURL('**/messages?search=step');
  await page.getByRole('link', { name: 'Step three' }).waitFor();
});
