// Mail that arrives while pages are open: in every tab, after a break of the network, and much of it at once.
import { createTransport } from 'nodemailer';
import type { Page } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { sendMail } from './app.js';
import { remoteServer } from './remote.js';
import { eventually, openDashboard } from './browser-test.js';

const remote = await remoteServer();
afterAll(() => remote.close());
const here = openDashboard({ args: ['--deliver', remote.url] });

function row(page: Page, subject: string): ReturnType<Page['getByRole']> {
  return page.getByRole('row').filter({ hasText: subject });
}

it('shows mail in every tab that is open, without a reload', async () => {
  const one = await here.openAsAdministrator('/messages');
  await one.getByText('No message has come in yet').waitFor();
  const other = await one.context().newPage();
  await other.goto('/messages?search=tab');
  await other.getByText('No message matches').waitFor();
  await one.evaluate('window.loaded = true');
  await sendMail(here.gateway, { subject: 'In each tab' });
  await row(one, 'In each tab').waitFor();
  await row(other, 'In each tab').waitFor();
  await row(one, 'In each tab').getByText('Delivered').waitFor();
  expect(await one.evaluate('window.loaded')).toBe(true);
});

it('says that the network is away, and then shows what it missed', async () => {
  const page = await here.openAsAdministrator('/messages');
  await row(page, 'In each tab').waitFor();
  const offline = async (): Promise<void> => {
    await page.context().setOffline(true);
    await page.getByText('The server cannot be reached').first().waitFor();
  };
  await page.getByRole('combobox', { name: 'Search messages' }).pressSequentially('tab');
  await page.waitForURL(/search=tab/);
  await Promise.all([offline(), page.getByRole('link', { name: 'Queued' }).click()]);
  await sendMail(here.gateway, { subject: 'Another tab, while offline' });
  await page.context().setOffline(false);
  await page.getByRole('link', { name: 'All', exact: true }).click();
  await row(page, 'Another tab, while offline').waitFor();
  await page.getByText('The server cannot be reached').waitFor({ state: 'detached' });

  // The code of this page is not loaded yet.
  await Promise.all([offline(), page.getByRole('link', { name: 'Tags' }).click()]);
  await page.getByText('This page could not be loaded').waitFor();
  await page.context().setOffline(false);
  await page.getByRole('heading', { name: 'Tags' }).waitFor();
  await page.getByText('The server cannot be reached').waitFor({ state: 'detached' });
});

it('draws the rows in sight and asks seldom, however much mail comes in', async () => {
  const COUNT = 1_500;
  /** Least time between two requests of a kind, in milliseconds. Arrivals and a new beginning are two kinds. */
  const BETWEEN = 400;
  const page = await here.openAsAdministrator('/messages');
  await row(page, 'while offline').waitFor();
  let requests = 0;
  page.on('request', () => (requests += 1));
  const { port, token } = here.gateway;
  const transport = createTransport({
    ...{ host: '127.0.0.1', port, pool: true, maxConnections: 4, maxMessages: Infinity },
    auth: { user: token, pass: token },
    tls: { rejectUnauthorized: false },
  });
  const message = { from: 'shop@example.com', to: 'anna@example.net', text: 'x' };
  const begin = performance.now();
  const state = { sending: true };
  const sent = Promise.all(
    Array.from({ length: COUNT }, (_, at) =>
      transport.sendMail({ ...message, subject: `One of many ${at}` }),
    ),
  ).finally(() => (state.sending = false));
  let most = 0;
  while (state.sending) {
    most = Math.max(most, await page.getByRole('row').count());
    await page.waitForTimeout(50);
  }
  await sent;
  transport.close();
  await eventually(async () => {
    const url = `${here.gateway.httpUrl}/api/v1/messages?limit=1`;
    const answer = await fetch(url, { headers: { 'mailpace-server-token': token } });
    const { messages } = (await answer.json()) as { messages: { subject: string }[] };
    return (await page.locator('[data-message]').first().textContent()) === messages[0]?.subject;
  }).toBe(true);
  expect(most).toBeGreaterThan(10);
  expect(most).toBeLessThan(60);
  expect(requests).toBeGreaterThan(0);
  expect(requests).toBeLessThan(10 + (2 * (performance.now() - begin)) / BETWEEN);
}, 60_000);
