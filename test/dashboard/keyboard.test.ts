// The keyboard alone: keys of the pages, the palette, and Tab to everything that can be used.
import type { Page } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { sendMail } from './app.js';
import { remoteServer } from './remote.js';
import { eventually, openDashboard } from './browser-test.js';

const remote = await remoteServer();
afterAll(() => remote.close());
const here = openDashboard({ args: ['--deliver', remote.url] });

/** The text of the element that has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate<string>(
    '(document.activeElement.ariaLabel ?? document.activeElement.textContent).trim()',
  );
}

it('goes to each page by two keys, and shows the keys of the page', async () => {
  const page = await here.openAsAdministrator('/messages');
  await page.getByRole('heading', { name: 'Messages' }).waitFor();
  for (const [key, name] of [
    ['o', 'Overview'],
    ['t', 'Tags'],
    ['q', 'Queue'],
    ['d', 'Domains'],
    ['n', 'Nodes'],
    ['s', 'Settings'],
    ['m', 'Messages'],
  ] as const) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await page.getByRole('heading', { name, level: 1 }).waitFor();
  }
  await page.keyboard.press('?');
  const keys = page.getByRole('dialog', { name: 'Keys' });
  await keys.getByText('Search messages').waitFor();
  // The keys of the page do nothing under a dialog.
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.keyboard.press('Escape');
  await keys.waitFor({ state: 'detached' });
  expect(new URL(page.url()).pathname).toBe('/messages');
});

it('moves through the list and through messages, tries one again, and comes back to its row', async () => {
  const subjects = ['Stuck alpha', 'Stuck beta', 'Stuck gamma'];
  await sendMail(here.gateway, ...subjects.map((subject) => ({ subject, to: 'full@example.net' })));
  const page = await here.openAsAdministrator('/messages?search=stuck');
  await eventually(() => page.getByText('Deferred', { exact: true }).count()).toBeGreaterThan(2);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await eventually(() => focused(page)).toBe('Stuck beta');
  await page.keyboard.press('o');
  const title = (subject: string) => page.getByRole('heading', { name: subject, level: 1 }).waitFor();
  await title('Stuck beta');
  await page.keyboard.press('j');
  await title('Stuck alpha');
  await page.keyboard.press('k');
  await page.keyboard.press('k');
  await title('Stuck gamma');
  await page.keyboard.press('r');
  await page.getByText('1 message will be tried now').waitFor();
  await page.keyboard.press('Escape');
  await page.waitForURL(/search=stuck/);
  await eventually(() => focused(page)).toBe('Stuck gamma');
  await page.keyboard.press('x');
  await page.keyboard.press('r');
  await page.getByText('1 message will be tried now').first().waitFor();
});

it('searches from any page', async () => {
  const page = await here.openAsAdministrator('/settings');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  await page.keyboard.press('/');
  await page.getByRole('heading', { name: 'Messages' }).waitFor();
  await eventually(() => focused(page)).toBe('Search messages');
  await page.keyboard.type('stuck beta');
  await page.keyboard.press('Escape');
  await eventually(() => page.locator('[data-message]').allTextContents()).toEqual(['Stuck beta']);
});

it('goes to pages, finds messages and does what the page can do by the palette', async () => {
  const page = await here.openAsAdministrator('/messages');
  await page.getByRole('heading', { name: 'Messages' }).waitFor();
  const palette = page.getByRole('dialog', { name: 'Find or do' });
  await page.keyboard.press('Control+k');
  await page.keyboard.type('over');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  expect(await palette.count()).toBe(0);

  await page.keyboard.press('Control+k');
  await page.keyboard.type('stuck alpha');
  await palette.getByRole('option', { name: 'Stuck alpha → full@example.net' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Stuck alpha', level: 1 }).waitFor();

  // What the message can do: its keys are commands too.
  await page.keyboard.press('Control+k');
  await page.keyboard.type('retry');
  await palette.getByRole('option', { name: 'Retry now' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('1 message will be tried now').waitFor();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('to:full is:deferred');
  await palette.getByRole('option', { name: /^Search messages for/ }).waitFor();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.waitForURL(/search=to%3Afull\+is%3Adeferred/);

  // Also from within a field; Escape gives the focus back to it.
  await page.getByRole('heading', { name: 'Messages', level: 1 }).waitFor();
  await page.keyboard.press('/');
  await expect.poll(() => focused(page)).toBe('Search messages');
  await page.keyboard.press('Control+k');
  await palette.waitFor();
  await page.keyboard.press('Escape');
  await palette.waitFor({ state: 'detached' });
  await expect.poll(() => focused(page)).toBe('Search messages');

  await page.keyboard.press('Control+k');
  await page.keyboard.type('add dom');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Add a domain' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('sign out');
  await page.keyboard.press('Enter');
  await page.getByLabel('Password').waitFor();
});

it('reaches by Tab everything that can be used, and shows where the focus is', async () => {
  const [id = 0] = await sendMail(here.gateway, { subject: 'By Tab', to: 'full@example.net' });
  const page = await here.openAsAdministrator('/messages');
  for (const path of [
    '/messages',
    `/messages/${id}`,
    '/overview',
    '/tags',
    '/queue',
    '/domains',
    '/domains/example.com/tokens',
    '/domains/example.com/block-list',
    '/domains/example.com/webhook',
    '/domains/example.com/retention',
    '/settings',
  ]) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForTimeout(500);
    const wanted = await page.evaluate<string[]>(USABLE);
    expect(wanted.length, path).toBeGreaterThan(8);
    const { reached, unseen } = await tabThrough(page, wanted.length + 10);
    expect([path, wanted.filter((each) => !reached.has(each))]).toEqual([path, []]);
    expect([path, unseen]).toEqual([path, []]);
  }
}, 60_000);

/** A script that marks all that a person can use, and returns the marks. */
const USABLE = `Array.from(document.querySelectorAll(
    'a[href], button:not(:disabled), input:not(:disabled), select, textarea, summary, iframe, [tabindex="0"]'))
  .filter((element) => element.tabIndex >= 0 && element.checkVisibility())
  // Of radio buttons, Tab reaches the chosen one, and arrow keys the others.
  .filter((element) => element.type !== 'radio' || element.checked)
  .map((element, index) => {
    const name = (element.ariaLabel ?? element.textContent).trim().slice(0, 40);
    return (element.dataset.mark = index + ' ' + element.localName + ' ' + name);
  })`;

/** Presses Tab so many times. Returns the marks of what had the focus, and of what did not show it. */
async function tabThrough(page: Page, times: number): Promise<{ reached: Set<string>; unseen: string[] }> {
  const reached = new Set<string>();
  const unseen: string[] = [];
  for (let step = 0; step < times; step++) {
    await page.keyboard.press('Tab');
    const [mark, shown] = await page.evaluate<[string, boolean]>(`{
      const element = document.activeElement;
      // The link of a message shows the focus on its whole row.
      const shows = [element, element.closest('[role=row]')].some((each) => {
        const { outlineStyle = 'none', outlineWidth } = each === null ? {} : getComputedStyle(each);
        return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
      });
      [element.dataset.mark ?? '', shows];
    }`);
    if (mark === '') continue;
    reached.add(mark);
    // The frame of a message shows the focus within itself.
    if (!shown && !mark.includes(' iframe ')) unseen.push(mark);
  }
  return { reached, unseen };
}
