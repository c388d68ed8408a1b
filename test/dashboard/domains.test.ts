// The pages of a domain: its token and what apps do with it, its DNS records, block list, webhook and retention.
import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sendMail } from './app.js';
import { remoteServer } from './remote.js';
import { eventually, openDashboard } from './browser-test.js';
import { MOVABLE_CLOCK, ownDns, putAhead } from './surroundings.js';

const PROJECT = join(import.meta.dirname, '../..');
const HOUR = 3_600_000;
const remote = await remoteServer();
let app: Server;
let hook = '';
let status = 200;
const called: string[] = [];
beforeAll(async () => {
  app = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      called.push((JSON.parse(body) as { event: string }).event);
      response.writeHead(status).end(status === 200 ? '' : 'our queue is <b>full</b>');
    });
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  hook = `http://127.0.0.1:${(app.address() as AddressInfo).port}/events`;
});
afterAll(async () => {
  app.close();
  await remote.close();
  await dns.close();
});
const { dns, environment } = await ownDns();
const here = openDashboard({
  args: ['--deliver', remote.url],
  environment: { ...environment, ...MOVABLE_CLOCK, POSTERN_DELIVERY_WEBHOOK_PRIVATE: 'allow' },
});

/** The text to copy that has this name. */
function copyText(page: Page, what: string): Promise<string> {
  return page.getByLabel(what, { exact: true }).innerText();
}

it('makes a token that an app uses at once, and refuses the old one after its grace', async () => {
  const { port, token: old } = here.gateway;
  const page = await here.openAsAdministrator('/domains');
  await page.getByRole('link', { name: 'example.com' }).first().click();
  await page.getByRole('button', { name: 'Create a new token' }).click();
  await page.getByRole('button', { name: 'Create the token' }).click();
  await page.getByText('It is not shown again').waitFor();
  const first = await copyText(page, 'the token');
  expect(first).not.toBe(old);
  await sendMail({ port, token: first }, { subject: 'By the new one' });
  await sendMail({ port, token: old }, { subject: 'By the old one, within its grace' });
  putAhead(here.gateway, 23 * HOUR);
  await sendMail({ port, token: old }, { subject: 'Within its grace still' });
  putAhead(here.gateway, 25 * HOUR);
  await eventually(() => sendMail({ port, token: old }, {}).then(String, String)).toMatch(/535/);
  await sendMail({ port, token: first }, { subject: 'By the new one, after the grace' });
  putAhead(here.gateway, 0);

  await page.getByRole('button', { name: 'Create a new token' }).click();
  await page.getByLabel('The old token').selectOption({ label: 'stops at once' });
  await page.getByRole('button', { name: 'Create the token' }).click();
  await eventually(() => copyText(page, 'the token')).not.toBe(first);
  const second = await copyText(page, 'the token');
  await sendMail({ port, token: second }, { subject: 'By the second one' });
  await expect(sendMail({ port, token: first }, {})).rejects.toThrow(/535/);

  await page.reload();
  await page.getByText('Token in use').waitFor();
  expect(await page.getByText(second).count()).toBe(0);
});

it('fills the settings of nine frameworks in, and they are right for nodemailer', async () => {
  const page = await here.openAsAdministrator('/domains/example.com');
  await page.getByRole('button', { name: 'Create a new token' }).click();
  await page.getByRole('button', { name: 'Create the token' }).click();
  const token = await copyText(page, 'the token');
  const names = await page.getByRole('group', { name: 'Framework' }).getByRole('button').allTextContents();
  expect(names).toHaveLength(9);
  for (const name of names) {
    await page.getByRole('button', { name, exact: true }).click();
    const code = await copyText(page, `the settings for ${name}`);
    expect([name, code.includes(token), code.includes(String(here.gateway.port))]).toEqual([
      name,
      true,
      true,
    ]);
  }
  await page.getByRole('button', { name: 'nodemailer' }).click();
  const code = await copyText(page, 'the settings for nodemailer');
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { cwd: PROJECT });
  await page.getByRole('link', { name: 'Messages', exact: true }).click();
  await page.getByRole('row').filter({ hasText: 'Hello' }).waitFor();
});

it('copies the token', async () => {
  const page = await here.openAsAdministrator('/domains/example.com', {
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await page.getByRole('button', { name: 'Create a new token' }).click();
  await page.getByRole('button', { name: 'Create the token' }).click();
  const token = await copyText(page, 'the token');
  await page.getByRole('button', { name: 'Copy the token' }).click();
  await page.getByText('Copied').waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(token);
});

it('adds a domain with its token, and removes it', async () => {
  const page = await here.openAsAdministrator('/domains');
  await page.getByRole('button', { name: 'Add a domain' }).click();
  await page.getByLabel('Name').fill('not a domain');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Name').fill('Added.Example');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'added.example' }).waitFor();
  const token = await copyText(page, 'the token');
  await sendMail({ port: here.gateway.port, token }, { from: 'a@added.example' });
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('button', { name: 'Remove it' }).click();
  await page.getByText('added.example was removed').waitFor();
  await expect(sendMail({ port: here.gateway.port, token }, { from: 'a@added.example' })).rejects.toThrow(
    /535/,
  );
});

it('makes DKIM keys, and switches each on after its record is published, or anyway', async () => {
  const page = await here.openAsAdministrator('/domains/example.com/dns');
  await page.getByText('so nothing is signed. Make keys below').waitFor();
  await page.getByText('no MTA-STS policy and needs none').waitFor();
  expect(await page.getByText('is not there, and not needed').count()).toBe(1);
  await page.getByRole('button', { name: 'Make keys' }).click();
  const key = (selector: string) => page.getByRole('listitem').filter({ hasText: selector }).last();
  const [rsa, ed25519] = [key('postern-rsa'), key('postern-ed25519')];
  await rsa.getByText('Does not sign').waitFor();
  await ed25519.getByText('Does not sign').waitFor();

  await rsa.getByRole('button', { name: 'Switch on' }).click();
  await rsa.getByText('It is not switched on: the record of this key is missing').waitFor();
  expect(await rsa.getByText('Does not sign').count()).toBe(1);
  await rsa.getByRole('button', { name: 'Switch on anyway' }).click();
  await rsa.getByText('Signs', { exact: true }).waitFor();

  const name = 'postern-ed25519._domainkey.example.com';
  dns.zone.set(name, { TXT: [await copyText(page, `the value of the record ${name}`)] });
  await ed25519.getByRole('button', { name: 'Switch on' }).click();
  await ed25519.getByText('Signs', { exact: true }).waitFor();
  await page.getByText('the key is published').waitFor();
  await ed25519.getByRole('button', { name: 'Switch off' }).click();
  await ed25519.getByText('Its record is published: it can be switched on').waitFor();
});

it('blocks, allows, finds and removes addresses; a bounce blocks by itself', async () => {
  const [, token] = await newToken('example.com');
  await sendMail({ port: here.gateway.port, token }, { to: 'gone@example.net' });
  const page = await here.openAsAdministrator('/domains/example.com/block-list');
  const entry = (address: string) => page.getByRole('row').filter({ hasText: address });
  await eventually(async () => {
    await page.reload();
    await page.getByLabel('Addresses').waitFor();
    return entry('gone@example.net').count();
  }).toBe(1);
  expect(await entry('gone@example.net').textContent()).toContain('550 5.1.1');
  await page.getByLabel('Addresses').fill('one@example.org, two@example.org');
  await page.getByLabel('Reason').fill('asked us to');
  await page.getByRole('button', { name: 'Block', exact: true }).click();
  await entry('two@example.org').waitFor();
  await page.getByLabel('Addresses').fill('boss@example.org');
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await entry('boss@example.org').getByText('Allowed', { exact: true }).waitFor();
  await expect(sendMail({ port: here.gateway.port, token }, { to: 'one@example.org' })).rejects.toThrow();

  await page.getByLabel('Find an address').fill('two@');
  await eventually(() => page.getByRole('row').count()).toBe(2);
  await page.getByLabel('Mark two@example.org').click();
  await page.getByRole('button', { name: 'Remove 1 address' }).click();
  await page.getByText('1 address removed').waitFor();
  await sendMail({ port: here.gateway.port, token }, { to: 'two@example.org' });
});

it('says before a test event that the domain has no message yet', async () => {
  await here.gateway.postern('domain', 'add', 'silent.example');
  const page = await here.openAsAdministrator('/domains/silent.example/webhook');
  await page.getByLabel('URL').fill(hook);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('newest message of the domain, and there is none yet').waitFor();
  expect(await page.getByRole('button', { name: 'Send a test event' }).isDisabled()).toBe(true);
});

it('calls a webhook, shows what it answered and sends an event again', async () => {
  const [, token] = await newToken('example.com');
  const page = await here.openAsAdministrator('/domains/example.com/webhook');
  await page.getByLabel('URL').fill(hook);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Public key').waitFor();
  await page.getByRole('button', { name: 'Send a test event' }).click();
  await eventually(() => called).toContain('email.delivered');
  await page.getByText('Accepted', { exact: true }).first().waitFor();
  status = 503;
  await sendMail({ port: here.gateway.port, token }, { subject: 'Called about' });
  await page.getByText('Failed, tried again').first().waitFor();
  await page.getByText('the answer was 503: our queue is <b>full</b>').first().waitFor();
  // Other events wait until the app gets another chance; the result of a test comes at once.
  await page.getByRole('button', { name: 'Send a test event' }).click();
  await page.getByText('The test event failed: the answer was 503: our queue is <b>full</b>').waitFor();
  status = 200;
  const before = called.length;
  await page.getByRole('button', { name: 'Send again' }).first().click();
  await eventually(() => called.length).toBeGreaterThan(before);
  await page.getByRole('button', { name: 'Switch off' }).click();
  await page.getByRole('button', { name: 'Switch it on' }).click();
  await page.getByRole('button', { name: 'Switch off' }).waitFor();
  await page.getByRole('button', { name: 'Remove', exact: true }).last().click();
  await page.getByLabel('URL').waitFor();
});

it('names a field in an error as the page does', async () => {
  const page = await here.openAsAdministrator('/domains?add=1');
  const add = page.getByRole('dialog');
  await add.getByRole('textbox').fill('not a name');
  await add.getByRole('button', { name: 'Add the domain' }).click();
  await page
    .getByRole('alert')
    .getByText(/^The name /)
    .waitFor();
  await page.goto('/domains/example.com/webhook');
  await page.getByLabel('URL').fill('ftp://example.com/');
  await page.getByRole('button', { name: 'Save' }).click();
  await page
    .getByRole('alert')
    .getByText(/^The URL /)
    .waitFor();
});

it('sets how long messages are kept; a domain sees it and cannot change it', async () => {
  const page = await here.openAsAdministrator('/domains/example.com/retention');
  await page.getByLabel('Keep the content of messages for').fill('30');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved').waitFor();
  const [, token] = await newToken('example.com');
  const own = await here.openWithToken('/domains', token);
  await own.waitForURL('**/domains/example.com/tokens');
  await own.getByRole('link', { name: 'Retention' }).click();
  expect(await own.getByLabel('Keep the content of messages for').inputValue()).toBe('30');
  expect(await own.getByLabel('Keep the content of messages for').isDisabled()).toBe(true);
  await own.goto('/domains/other.example');
  await own.getByRole('heading', { name: 'There is no domain other.example' }).waitFor();
});

async function newToken(domain: string): Promise<[name: string, token: string]> {
  const { stdout } = await here.gateway.postern('token', 'rotate', domain, '--json');
  return [domain, (JSON.parse(stdout) as { token: string }).token];
}
