// The way in: sign-in, sign-out, and what the pages may do.
import { expect, it } from 'vitest';
import { PASSWORD, openDashboard } from './browser-test.js';

const here = openDashboard();

it('signs the administrator in, keeps the session over a reload, and signs out', async () => {
  const page = await here.open('/messages');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Messages' }).waitFor();
  expect(await page.getByText('Administrator').count()).toBe(1);
  await page.reload();
  await page.getByRole('heading', { name: 'Messages' }).waitFor();
  await page.getByRole('button', { name: 'Administrator' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Password').waitFor();
  await page.reload();
  await page.getByLabel('Password').waitFor();
});

it('signs a domain in with its API token', async () => {
  const page = await here.open('/');
  await page.getByText('A domain').click();
  await page.getByLabel('API token').fill(here.gateway.token);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Messages' }).waitFor();
  expect(await page.getByText('example.com').count()).toBeGreaterThan(0);
});

it('says that a password is wrong, and takes the right one then', async () => {
  const page = await here.open('/');
  await page.getByLabel('Password').fill('wrong');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('The password is wrong').waitFor();
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Messages' }).waitFor();
});

it('keeps the chosen colours', async () => {
  const page = await here.openAsAdministrator('/messages');
  const ground = (): Promise<string> =>
    page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  await page.getByRole('button', { name: 'Administrator' }).click();
  await page.getByRole('button', { name: 'Dark' }).click();
  const dark = await ground();
  await page.reload();
  await page.getByRole('heading', { name: 'Messages' }).waitFor();
  expect(await ground()).toBe(dark);
  await page.getByRole('button', { name: 'Administrator' }).click();
  await page.getByRole('button', { name: 'Light' }).click();
  expect(await ground()).not.toBe(dark);
});

it('says in words that there is no such page, and leads on', async () => {
  const page = await here.openAsAdministrator('/nonsense');
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  await page.getByRole('link', { name: 'Go to the messages' }).click();
  await page.getByRole('heading', { name: 'Messages' }).waitFor();
});

it('sends the pages compressed, to be kept for good, with a strict policy', async () => {
  const get = (path: string, accept: string): Promise<Response> =>
    fetch(here.gateway.httpUrl + path, { headers: { 'accept-encoding': accept } });
  const document = await get('/messages/17', 'br');
  const html = await document.text();
  expect(document.headers.get('content-type')).toMatch(/^text\/html/);
  expect(document.headers.get('cache-control')).toBe('no-cache');
  const policy = document.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
  const [script = ''] = /\/assets\/[\w-]+\.js/.exec(html) ?? [];
  for (const [accept, expected] of [
    ['br', 'br'],
    ['gzip', 'gzip'],
    ['identity', null],
  ] as const) {
    const answer = await get(script, accept);
    expect(answer.headers.get('content-encoding')).toBe(expected);
    expect(answer.headers.get('content-type')).toMatch(/^(text|application)\/javascript/);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect((await answer.text()).length).toBeGreaterThan(10_000);
  }
  for (const path of [
    '/assets/../index.html',
    '/assets/..%2f..%2fapi/api.js',
    '/assets/none.js',
    '/nothing',
  ]) {
    expect([400, 404], path).toContain((await get(path, 'br')).status);
  }
});
