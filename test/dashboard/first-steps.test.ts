// The first minutes of a person who has read nothing: a server without routes, its pages, and the line for curl.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { readDocument } from '../docs/markdown.js';
import { has } from '../e2e/clients.js';
import { sendMail } from './app.js';
import { remoteServer } from './remote.js';
import { openDashboard, PASSWORD } from './browser-test.js';
import { MOVABLE_CLOCK, putAhead } from './surroundings.js';

const remote = await remoteServer();
afterAll(() => remote.close());
const here = openDashboard({ environment: MOVABLE_CLOCK });

it.skipIf(!has('curl'))(
  'leads from the address that the start prints to a message that arrives',
  async () => {
    const [, address = ''] = await here.gateway.says(/^ {2}dashboard {3}(\S+)/m);
    const page = await here.open(address);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText('No message has come in yet').waitFor();
    const line = await page.getByLabel('the curl command', { exact: true }).innerText();
    const command = line.replaceAll('YOUR_TOKEN', here.gateway.token);
    await promisify(execFile)('sh', ['-c', command]);
    await page.getByRole('link', { name: 'Hello', exact: true }).click();
    await page.getByText('It works.').waitFor();
  },
);

it('says why mail stays on a server without routes, also after it was released', async () => {
  putAhead(here.gateway, 4 * 60_000);
  const page = await here.openAsAdministrator('/overview');
  await page.getByText('Delivery is off: the server was started without --deliver URL').waitFor();
  await page.getByRole('link', { name: 'See what is held' }).click();
  await page.getByRole('button', { name: 'It is meant so' }).click();
  await page.getByText('Delivery is off').waitFor({ state: 'detached' });
  putAhead(here.gateway, 0);
  await page.getByRole('link', { name: 'Hello', exact: true }).click();
  const why = page.getByRole('region', { name: 'Why it is not delivered' });
  await why.getByText('no deliver URL is configured').waitFor();
  expect(await why.textContent()).toContain('and then press Release to send it');
  await page.getByRole('button', { name: 'Release' }).click();
  await page.getByText('1 message released').waitFor();
  await why.getByText('Start the server with --deliver URL: then it is sent by itself.').waitFor();
  await page.getByText('Next try now').waitFor();
});

it('says of mail that was held before a restart with a route that Release sends it', async () => {
  const [id = 0] = await sendMail(here.gateway, { subject: 'From before' });
  await here.restart('--deliver', remote.url);
  const page = await here.openAsAdministrator(`/messages/${id}`);
  const why = page.getByRole('region', { name: 'Why it is not delivered' });
  await why.getByText('It was held when it came in: delivery was off then').waitFor();
  await page.getByRole('button', { name: 'Release' }).click();
  await page.getByRole('listitem').getByText('Delivered', { exact: true }).first().waitFor();
  expect(await why.count()).toBe(0);
});

it('shows what to put into a Laravel app, as README does', async () => {
  const page = await here.openAsAdministrator('/messages');
  await page.getByRole('heading', { name: 'Messages' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('laravel');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'example.com' }).click();
  await page.getByRole('button', { name: 'Laravel' }).click();
  const code = await page.getByLabel('the settings for Laravel', { exact: true }).innerText();
  const block = readDocument('README.md').blocks.find(({ heading }) => heading === 'Laravel');
  const token = /^MAIL_PASSWORD=(.+)$/m.exec(code)?.[1] ?? '';
  const filledIn = (block?.text ?? '')
    .replaceAll('your-token', token)
    .replaceAll('2525', String(here.gateway.port));
  expect(code).toContain(`MAIL_PORT=${here.gateway.port}`);
  expect(`# .env\n${code}`).toBe(filledIn.trim());
});
