// Sessions, the password, and what runs here.
import { afterAll, expect, it } from 'vitest';
import { remoteServer } from './remote.js';
import { PASSWORD, eventually, openDashboard } from './browser-test.js';

const remote = await remoteServer();
afterAll(() => remote.close());
const here = openDashboard({ args: ['--deliver', remote.url, '--smtp-max-recipients', '7'] });

it('lists the sessions, and ends one of them', async () => {
  const page = await here.openAsAdministrator('/settings');
  await page.getByRole('row').filter({ hasText: 'this one' }).waitFor();
  const other = await here.openAsAdministrator('/messages');
  await other.getByRole('heading', { name: 'Messages' }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'End', exact: true }).first().click();
  await other.getByText('Your session has ended').waitFor();
  await eventually(() => page.getByRole('button', { name: 'End', exact: true }).count()).toBe(0);
});

it('shows the administrator the configuration in force, the store and the disk, and a domain none of it', async () => {
  const page = await here.openAsAdministrator('/settings');
  expect(await page.getByLabel('the configuration', { exact: true }).innerText()).toContain(
    'max_recipients = 7',
  );
  expect(await page.locator('main').innerText()).toMatch(/\d GiB free of/);
  expect(await page.getByText(here.gateway.data).count()).toBeGreaterThan(0);
  const domain = await here.openWithToken('/settings', here.gateway.token);
  await domain.getByText('API reference').waitFor();
  expect(await domain.getByText('Configuration in force').count()).toBe(0);
  expect(await domain.getByLabel('New password').count()).toBe(0);
});

it('lists the servers for the administrator, and a domain has no such page', async () => {
  const page = await here.openAsAdministrator('/nodes');
  await page.getByText('1 server on this store').waitFor();
  const row = page.getByRole('row').filter({ hasText: `process ${here.gateway.pid}` });
  expect(await row.innerText()).toMatch(
    /^mx\.example\s+process \d+, version \d[\s\S]*running[\s\S]*0 messages/,
  );
  const domain = await here.openWithToken('/messages', here.gateway.token);
  await domain.getByRole('heading', { name: 'Messages' }).waitFor();
  expect(await domain.getByRole('link', { name: 'Nodes' }).count()).toBe(0);
  await domain.goto('/nodes');
  await domain.getByText('Only the administrator may do this').waitFor();
  expect(await domain.getByRole('button', { name: 'Try again' }).count()).toBe(0);
});

it('changes the password: others are signed out, and the page that did it stays', async () => {
  const page = await here.openAsAdministrator('/settings');
  const other = await here.openAsAdministrator('/messages');
  await other.getByRole('heading', { name: 'Messages' }).waitFor();
  const changed = async (current: string, password: string): Promise<void> => {
    await page.getByLabel('Current password').fill(current);
    await page.getByLabel('New password').fill(password);
    await page.keyboard.press('Enter');
  };
  await changed('wrong', 'another long password');
  await page.getByRole('alert').getByText('current is wrong').waitFor();
  await changed(PASSWORD, 'another long password');
  await page.getByText('The password was changed').waitFor();
  await other.getByText('Your session has ended').waitFor();
  await page.getByRole('link', { name: 'Messages', exact: true }).click();
  await page.getByRole('heading', { name: 'Messages' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Messages' }).waitFor();
  await other.getByLabel('Password').fill('another long password');
  await other.keyboard.press('Enter');
  await other.getByRole('heading', { name: 'Messages' }).waitFor();
});
