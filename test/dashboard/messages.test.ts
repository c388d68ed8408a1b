// The list of messages: live, searched, filtered, shared, changed.
import type { Page } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { sendMail } from './app.js';
import { remoteServer } from './remote.js';
import { PASSWORD, eventually, openDashboard } from './browser-test.js';

const remote = await remoteServer();
afterAll(() => remote.close());
const here = openDashboard({ args: ['--deliver', remote.url] });

function subjects(page: Page): Promise<string[]> {
  return page.locator('[data-message]').allTextContents();
}

/** The row of a message, by its subject. */
function row(page: Page, subject: string): ReturnType<Page['getByRole']> {
  return page.getByRole('row').filter({ hasText: subject });
}

/** Scrolls the list to a place: an expression in pixels. */
async function scrollTo(page: Page, place: string): Promise<void> {
  await page.evaluate(`{
    const table = document.querySelector('.message-table');
    table.scrollTop = ${place};
  }`);
}

it('shows how to send a first message, and the message without a reload', async () => {
  const page = await here.openAsAdministrator('/');
  await page.getByText('No message has come in yet').waitFor();
  expect(await page.locator('dl').textContent()).toContain(String(here.gateway.port));
  expect(await page.getByLabel('the curl command', { exact: true }).textContent()).toContain(
    `smtp://127.0.0.1:${here.gateway.port}`,
  );
  await sendMail(here.gateway, { subject: 'First of all' });
  await row(page, 'First of all').waitFor();
});

it('adds what comes in at the top, but not under the eyes of a person who has scrolled down', async () => {
  await sendMail(here.gateway, ...Array.from({ length: 60 }, (_, at) => ({ subject: `Filler ${at}` })));
  const page = await here.openAsAdministrator('/messages');
  await row(page, 'Filler 59').waitFor();
  await sendMail(here.gateway, { subject: 'Seen at once' });
  await row(page, 'Seen at once').waitFor();
  expect((await subjects(page))[0]).toBe('Seen at once');

  await scrollTo(page, '800');
  const before = await page.locator('[data-message]').last().textContent();
  await sendMail(here.gateway, { subject: 'While reading 1' }, { subject: 'While reading 2' });
  await page.getByRole('button', { name: '2 new' }).waitFor();
  expect(await page.locator('[data-message]').last().textContent()).toBe(before);
  expect(await row(page, 'While reading 2').count()).toBe(0);
  await page.getByRole('button', { name: '2 new' }).click();
  await row(page, 'While reading 2').waitFor();
  expect((await subjects(page)).slice(0, 2)).toEqual(['While reading 2', 'While reading 1']);
});

it('draws only the rows in sight, and loads further pages on the way down', async () => {
  const page = await here.openAsAdministrator('/messages');
  await row(page, 'While reading 2').waitFor();
  expect((await subjects(page)).length).toBeLessThan(50);
  for (let step = 0; step < 10; step++) {
    await scrollTo(page, 'table.scrollHeight');
    if ((await row(page, 'First of all').count()) > 0) break;
    await page.waitForTimeout(200);
  }
  await row(page, 'First of all').waitFor();
  expect((await subjects(page)).length).toBeLessThan(50);
});

it('suggests conditions and tags, and finds what they say', async () => {
  await sendMail(
    here.gateway,
    { subject: 'Tagged one', headers: { 'X-OMS-Tags': 'spring sale, other' } },
    { subject: 'Tagged two', headers: { 'X-OMS-Tags': 'other' } },
  );
  const page = await here.openAsAdministrator('/messages');
  await row(page, 'Tagged two').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('ta');
  await page.getByRole('option', { name: /^tag:/ }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.keyboard.type('spr');
  await page.getByRole('option', { name: 'spring sale' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/search=tag%3A%22spring\+sale%22/);
  await eventually(() => subjects(page)).toEqual(['Tagged one']);
});

it('says what is wrong with a search', async () => {
  const page = await here.openAsAdministrator('/messages');
  await page.getByRole('combobox', { name: 'Search messages' }).fill('is:lost');
  await page.getByText('is: needs one of held').waitFor();
  await page.getByText('The search cannot be read').waitFor();
  expect(await page.getByText('No message matches').count()).toBe(0);
  await page.getByRole('button', { name: 'Clear the search' }).click();
  await row(page, 'Tagged two').waitFor();
});

it('shows the same to a person who gets the URL', async () => {
  const page = await here.openAsAdministrator('/messages');
  await row(page, 'Tagged two').waitFor();
  await page.getByRole('link', { name: 'other', exact: true }).first().click();
  await page.getByRole('button', { name: 'Remove the condition tag: other' }).waitFor();
  await page.getByRole('combobox', { name: 'Search messages' }).fill('two');
  await eventually(() => subjects(page)).toEqual(['Tagged two']);
  const other = await here.openAsAdministrator(page.url());
  await eventually(() => subjects(other)).toEqual(['Tagged two']);
  expect(await other.getByRole('combobox', { name: 'Search messages' }).inputValue()).toBe('two');
  await other.getByRole('button', { name: 'Remove the condition tag: other' }).click();
  await other.getByRole('button', { name: 'Clear the search' }).click();
  await row(other, 'While reading 2').waitFor();
});

it('cancels several messages, and does nothing to those that are undone', async () => {
  const full = Array.from({ length: 4 }, (_, at) => ({ subject: `Stuck ${at}`, to: 'full@example.net' }));
  await sendMail(here.gateway, ...full);
  const page = await here.openAsAdministrator('/messages?search=stuck');
  await eventually(() => page.getByText('Deferred', { exact: true }).count()).toBeGreaterThan(3);
  const mark = (subject: string): Promise<void> => page.getByLabel(`Mark ${subject}`).click();

  await mark('Stuck 0');
  await mark('Stuck 1');
  await page.getByText('2 messages marked').waitFor();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Undone').waitFor();

  await mark('Stuck 2');
  await mark('Stuck 3');
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByText('2 messages cancelled').waitFor();
  await eventually(() => row(page, 'Stuck 2').textContent()).toContain('Cancelled');
  expect(await row(page, 'Stuck 3').textContent()).toContain('Cancelled');
  expect(await row(page, 'Stuck 0').textContent()).toContain('Deferred');
  expect(await row(page, 'Stuck 1').textContent()).toContain('Deferred');
});

it('says why it deletes nothing, or less than was marked', async () => {
  const page = await here.openAsAdministrator('/messages?search=stuck');
  const mark = (subject: string): Promise<void> => page.getByLabel(`Mark ${subject}`).click();
  await row(page, 'Stuck 3').waitFor();
  await mark('Stuck 0');
  await mark('Stuck 1');
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('Nothing was done: 2 messages still wait or are held: cancel them first').waitFor();
  // It is said at once: there is nothing to undo.
  expect(await page.getByRole('button', { name: 'Undo' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Take the marks away' }).waitFor({ state: 'detached' });
  await mark('Stuck 1');
  await mark('Stuck 3');
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('1 message deleted; 1 message still waits or is held: cancel it first').waitFor();
  await row(page, 'Stuck 3').waitFor({ state: 'detached' });
}, 30_000);

it('cancels all that match, also those that are not loaded', async () => {
  const many = Array.from({ length: 70 }, (_, at) => ({ subject: `Many ${at}`, to: 'full@example.net' }));
  await sendMail(here.gateway, ...many);
  const page = await here.openAsAdministrator('/messages?search=many');
  await row(page, 'Many 69').waitFor();
  await page.getByLabel('Mark all loaded messages').click();
  await page.getByRole('button', { name: /Mark all that match/ }).click();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByText('70 messages cancelled').waitFor();
});

it('moves, marks and opens by the keyboard', async () => {
  const page = await here.openAsAdministrator('/messages?search=tagged');
  await row(page, 'Tagged two').waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const focused = (): Promise<string> => page.evaluate<string>('document.activeElement.textContent');
  await eventually(focused).toBe('Tagged one');
  await page.keyboard.press('k');
  await eventually(focused).toBe('Tagged two');
  await page.keyboard.press('x');
  await page.getByText('1 message marked').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('1 message marked').waitFor({ state: 'detached' });
  await page.keyboard.press('o');
  await page.waitForURL(/\/messages\/\d+$/);
});

it('shows a domain its own mail only', async () => {
  const outcome = await here.gateway.postern('domain', 'add', 'other.example', '--json');
  const { token } = JSON.parse(outcome.stdout) as { token: string };
  await sendMail({ port: here.gateway.port, token }, { from: 'a@other.example', subject: 'Of the other' });
  const page = await here.openWithToken('/messages', token);
  await row(page, 'Of the other').waitFor();
  expect(await subjects(page)).toEqual(['Of the other']);
  await sendMail(here.gateway, { subject: 'Not for the other' });
  await sendMail({ port: here.gateway.port, token }, { from: 'a@other.example', subject: 'One more' });
  await row(page, 'One more').waitFor();
  expect(await subjects(page)).toEqual(['One more', 'Of the other']);
});

it('says that the server is away, and goes on when it is back', async () => {
  const page = await here.openAsAdministrator('/messages');
  await row(page, 'Not for the other').waitFor();
  await here.gateway.stop();
  await page.getByText('The server cannot be reached').waitFor();
  expect((await subjects(page)).length).toBeGreaterThan(0);
  await here.restart();
  await page.getByText('The server cannot be reached').waitFor({ state: 'detached' });
  await sendMail(here.gateway, { subject: 'After the restart' });
  await row(page, 'After the restart').waitFor();
});

it('asks for sign-in when the session has ended, and shows the same page after it', async () => {
  const page = await here.openAsAdministrator('/messages?search=tagged');
  await row(page, 'Tagged one').waitFor();
  const answer = await page.context().request.delete('/api/v1/session', {
    headers: { origin: here.gateway.httpUrl },
  });
  expect(answer.status()).toBe(204);
  await page.getByText('Your session has ended').waitFor();
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await eventually(() => subjects(page)).toEqual(['Tagged two', 'Tagged one']);
});

it('shows nothing of the one before to the next who signs in', async () => {
  const outcome = await here.gateway.postern('domain', 'add', 'third.example', '--json');
  const { token } = JSON.parse(outcome.stdout) as { token: string };
  const page = await here.openAsAdministrator('/messages');
  await row(page, 'After the restart').waitFor();
  await page.getByRole('button', { name: 'Administrator' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  // Its answer does not come: what is on screen until then must not be the list of the one before.
  await page.route('**/api/v1/messages?*', () => undefined);
  await page.getByText('A domain').click();
  await page.getByLabel('API token').fill(token);
  await page.keyboard.press('Enter');
  await page.getByText('third.example').waitFor();
  await page.getByText('Messages are being loaded').waitFor({ state: 'attached' });
  expect(await subjects(page)).toEqual([]);
});
