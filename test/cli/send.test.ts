import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { targetOf } from '../../src/cli/commands/send/target.js';
import type { Config } from '../../src/config/index.js';
import { withoutField } from '../../src/cli/commands/send/without-field.js';
import { GatewayProcess, Running } from '../e2e/gateway-process.js';
import { scratch } from '../scratch.js';
import { MAIN, type Outcome, postern, spawnPostern } from './postern.js';

let gateway: GatewayProcess;
let end: () => Promise<void>;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-test-'));
  gateway = await GatewayProcess.start({
    data: join(folder, 'data'),
    atEnd: (stop) => {
      end = stop;
    },
  });
}, 60_000);
afterAll(async () => {
  await end();
  await rm(folder, { recursive: true, force: true });
});

/** Sends with the token to the server of these tests. */
function send(...args: readonly string[]): Promise<Outcome> {
  return spawnPostern(['send', ...args], {
    environment: { POSTERN_TOKEN: gateway.token, POSTERN_LISTEN: `smtp://127.0.0.1:${gateway.port}` },
  });
}

async function sendFrom(input: string, ...args: readonly string[]): Promise<Running> {
  const child = spawn(process.execPath, [MAIN, 'send', ...args], {
    env: {
      PATH: process.env['PATH'],
      POSTERN_TOKEN: gateway.token,
      POSTERN_LISTEN: `smtp://127.0.0.1:${gateway.port}`,
    },
  });
  const running = new Running(child);
  child.stdin.end(input);
  await running.exited;
  return running;
}

/** The id of the message that the output names. */
const idIn = (stdout: string): string => /queued as (\d+)/.exec(stdout)?.[1] ?? '';
const mine = ['--from', 'app@example.com'];

describe('postern send', () => {
  it('makes a message of its options', async () => {
    const folder = await scratch();
    const file = join(folder, 'Bericht é.pdf');
    writeFileSync(file, Buffer.from([0, 1, 2, 255]));
    writeFileSync(join(folder, 'page.html'), '<p>Grüße</p>');
    const { exitCode, stdout, stderr } = await send(
      ...[
        '--from',
        'Über App <app@example.com>',
        '--to',
        'a@example.net, b@example.net',
        '--to',
        'c@example.net',
      ],
      ...['--cc', 'd@example.net', '--bcc', 'e@example.net', '--subject', 'Grüße aus der Zeile'],
      ...['--text', 'Hallo\n.\nEnde', '--html', `@${join(folder, 'page.html')}`, '--attach', file],
      ...['--header', 'X-Mailer: nightly', '--tag', 'first', '--tag', 'second'],
    );
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^Sent to a@example\.net, b@example\.net, c@example\.net, d@example\.net, e@example\.net: 250 2\.0\.0 Ok: queued as \d+\n$/,
    );
    const id = idIn(stdout);
    const [message] = await gateway.messages('--search', id);
    expect(message).toMatchObject({
      id,
      from: 'app@example.com',
      to: ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}@example.net`),
      subject: 'Grüße aus der Zeile',
      tags: ['first', 'second'],
    });
    const raw = await gateway.raw(id);
    expect(raw).toContain('To: a@example.net, b@example.net, c@example.net\r\n');
    expect(raw).toContain('Cc: d@example.net\r\n');
    expect(raw).toContain('X-Mailer: nightly\r\n');
    expect(raw).not.toContain('e@example.net');
    expect((await gateway.postern('message', id, '--text')).stdout).toBe('Hallo\n.\nEnde\n');
    expect((await gateway.postern('message', id, '--html')).stdout).toBe('<p>Grüße</p>\n');
    const out = join(folder, 'out');
    const { stdout: written } = await gateway.postern('message', id, '--attachments', out);
    expect(written).toBe(`${join(out, 'Bericht é.pdf')}\n`);
  }, 60_000);

  it('sends a file as it is, to those whom its fields name, without Bcc', async () => {
    const message =
      'From a@b Sun Nov 29 08:00:00 2026\nFrom: App <app@example.com>\nTo: x@example.net, "Y, Z" <y@example.net>\n' +
      'Bcc: hidden@example.net,\n other@example.net\nSubject: =?utf-8?q?=C3=BC?=\nX-Odd:   kept\n\nline\n.dot\n..dots\n';
    const { stdout, stderr, exited } = await sendFrom(message, '--file', '-', '--json');
    expect([await exited, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({
      accepted: ['x@example.net', 'y@example.net', 'hidden@example.net', 'other@example.net'],
      refused: [],
      reply: expect.stringMatching(/^250 2\.0\.0 Ok: queued as \d+$/) as string,
    });
    const raw = await gateway.raw(idIn(stdout));
    expect(raw).toContain(
      'From: App <app@example.com>\r\nTo: x@example.net, "Y, Z" <y@example.net>\r\nSubject: =?utf-8?q?=C3=BC?=\r\nX-Odd:   kept\r\n',
    );
    expect(raw).toMatch(/\r\n\r\nline\r\n\.dot\r\n\.\.dots\r\n$/);
    expect(raw).not.toContain('hidden');
    const other = await sendFrom(message, '--file', '-', '--to', 'only@example.net', '--json');
    expect(JSON.parse(other.stdout)).toMatchObject({ accepted: ['only@example.net'] });
  }, 60_000);

  it('takes the text from standard input', async () => {
    const { stdout } = await sendFrom('Über stdin\n', ...mine, '--to', 'x@example.net', '--text', '-');
    expect((await gateway.postern('message', idIn(stdout), '--text')).stdout).toBe('Über stdin\n');
  }, 60_000);

  it('--verbose shows the dialogue without the token', async () => {
    const { exitCode, stderr } = await send(...mine, '--to', 'x@example.net', '--text', 'x', '--verbose');
    expect(exitCode).toBe(0);
    const said = stderr.replace(/^(<~ {3}|<- {3})250-.*\n/gm, '');
    expect(said).toMatch(
      new RegExp(
        '^<- {3}220 mx\\.example ESMTP ready\n -> {2}EHLO .*\n<- {3}250 .*\n -> {2}STARTTLS\n<- {3}220 .*\n' +
          '=== TLS: TLSv1\\.3 .*\n ~> {2}EHLO .*\n<~ {3}250 .*\n ~> {2}AUTH PLAIN \\[secret\\]\n<~ {3}235 .*\n' +
          ' ~> {2}MAIL FROM:<app@example\\.com> SIZE=\\d+\n ~> {2}RCPT TO:<x@example\\.net>\n ~> {2}DATA\n' +
          '<~ {3}250 .*\n<~ {3}250 .*\n<~ {3}354 .*\n ~> {2}\\[the message: \\d+ octets\\]\n<~ {3}250 2\\.0\\.0 Ok: queued as \\d+\n' +
          ' ~> {2}QUIT\n<~ {3}221 .*\n$',
      ),
    );
    const token = gateway.token;
    for (const secret of [token, Buffer.from(`\0${token}\0${token}`).toString('base64').slice(0, 12)]) {
      expect(stderr).not.toContain(secret);
    }
  }, 60_000);

  it('takes the token from a file, or user and password from the URL', async () => {
    const file = join(await scratch(), 'token');
    writeFileSync(file, `${gateway.token}\n`);
    const url = `smtp://127.0.0.1:${gateway.port}`;
    const rest = [...mine, '--to', 'x@example.net', '--text', 'x'];
    expect(await postern(['send', '--server', url, '--token-file', file, ...rest])).toMatchObject({
      exitCode: 0,
    });
    const withPassword = url.replace('//', `//example.com:${gateway.token}@`);
    expect(await postern(['send', '--server', withPassword, ...rest])).toMatchObject({ exitCode: 0 });
    writeFileSync(file, '\n');
    expect(await postern(['send', '--server', url, '--token-file', file, ...rest])).toMatchObject({
      exitCode: 2,
      stderr: `postern: --token-file: ${file} is empty; "postern token rotate NAME" makes a new token\n`,
    });
  }, 60_000);

  it('reports recipients that were refused, and sends to the others', async () => {
    const { exitCode, stdout, stderr } = await send(...mine, '--to', 'x@example.net,y@local', '--text', 'x');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^Sent to x@example\.net: 250/);
    expect(stderr).toMatch(
      /^Refused for y@local: 554 5\.1\.2 .*\npostern: the message was not sent to 1 of 2 recipients\n$/,
    );
  }, 60_000);

  it.each([
    ['a sender of another domain', 69, ['--from', 'app@other.example'], {}, /MAIL was refused: 550 5\.7\.1/],
    [
      'a wrong token',
      77,
      mine,
      { POSTERN_TOKEN: 'wrong' },
      /AUTH was refused: 535.*"postern token rotate NAME"/,
    ],
    [
      'no token',
      69,
      mine,
      { POSTERN_TOKEN: '' },
      /530.*give the API token of the sending domain with --token-file, or in POSTERN_TOKEN/,
    ],
    [
      'no server',
      75,
      mine,
      { POSTERN_LISTEN: 'smtp://127.0.0.1:1' },
      /ECONNREFUSED.*start the server, or give another one with --server/,
    ],
    ['no such host', 68, [...mine, '--server', 'smtp://no-such-host.invalid'], {}, /there is no such host/],
    ['TLS that the certificate does not fit', 76, [...mine, '--server', 'TLS'], {}, /TLS/],
  ])('exits for %s with %i, as msmtp does', async (_case, status, args, environment, reason) => {
    const words = args.map((word) =>
      word === 'TLS' ? `smtp://127.0.0.1:${gateway.port}?tls=required` : word,
    );
    const { exitCode, stdout, stderr } = await postern(
      ['send', ...words, '--to', 'x@example.net', '--text', 'x'],
      { POSTERN_TOKEN: gateway.token, POSTERN_LISTEN: `smtp://127.0.0.1:${gateway.port}`, ...environment },
    );
    expect([exitCode, stdout]).toEqual([status, '']);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toContain(gateway.token);
  });

  const to = ['--to', 'x@example.net'];
  it.each([
    [[...to, '--text', 'x'], /give the sender with --from ADDRESS/],
    [[...mine, '--text', 'x'], /give a recipient with --to ADDRESS/],
    [[...mine, ...to], /give the content with --text, --html or --attach, or a whole message with --file/],
    [['--from', 'nobody', ...to, '--text', 'x'], /--from "nobody" is not one address/],
    [[...mine, '--to', 'x@', '--text', 'x'], /--to has something that is not an address/],
    [[...mine, '--cc', 'a b@c', ...to, '--text', 'x'], /--cc has something that is not an address/],
    [[...mine, ...to, '--text', 'x', '--header', 'nothing'], /--header "nothing" is not a field/],
    [[...mine, ...to, '--text', 'x', '--header', 'Subject: x'], /--header may not have Subject/],
    [[...mine, ...to, '--text', '-', '--attach', '-'], /--attach: --text reads standard input already/],
    [
      [...mine, ...to, '--file', 'x.eml', '--subject', 'x'],
      /'--file <FILE>' cannot be used with option '--subject/,
    ],
    [[...mine, ...to, '--text', 'x', '--server', 'mail.example'], /--server: .*; give smtp:\/\/HOST:PORT/],
    [[...mine, ...to, '--text', 'x', '--timeout', '5'], /--timeout <DURATION>.*with a unit/],
  ])('refuses %j', async (args, reason) => {
    const { exitCode, stdout, stderr } = await postern(['send', ...args]);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(reason);
  });

  it('says which file cannot be read', async () => {
    const missing = join(await scratch(), 'missing');
    for (const [option, args] of [
      ['--attach', ['--text', 'x', '--attach', missing]],
      ['--text', ['--text', `@${missing}`]],
    ] as const) {
      const { exitCode, stderr } = await postern(['send', ...mine, ...to, ...args]);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(new RegExp(`^postern: ${option}: cannot read ${missing}: ENOENT`));
    }
  });
});

describe('the server of postern send', () => {
  const config = { listen: [] } as unknown as Config;
  const token = { POSTERN_TOKEN: 'token' };
  const target = async (server: string, tokenFile?: string) =>
    targetOf({ server, ...(tokenFile === undefined ? {} : { tokenFile }) }, config, token);

  it('gets the token of the environment on this machine alone', async () => {
    expect((await target('smtp://localhost:25')).credentials?.password.expose()).toBe('token');
    expect((await target('smtp://[::1]:25')).credentials?.password.expose()).toBe('token');
    for (const server of ['smtp://mx.example.org', 'smtps://mx.example.org', 'smtp://128.0.0.1']) {
      expect(await target(server)).not.toHaveProperty('credentials');
    }
  });

  it('gets a token over verified TLS if it is another machine, unless the URL says otherwise', async () => {
    const file = join(await scratch(), 'token');
    writeFileSync(file, 'token');
    const required = { startTls: true, tls: { verify: true } };
    expect(await target('smtp://mx.example.org', file)).toMatchObject(required);
    expect(await target('smtp://u:p@mx.example.org')).toMatchObject(required);
    expect(await target('smtps://mx.example.org', file)).toMatchObject({
      implicitTls: true,
      tls: { verify: true },
    });
    expect(await target('smtp://mx.example.org?tls=off', file)).toMatchObject({ startTls: false });
    expect(await target('smtp://mx.example.org')).toMatchObject({ startTls: 'optional' });
  });
});

describe('removing a field', () => {
  it.each([
    ['Bcc: a\r\nTo: b\r\n\r\nBcc: body\r\n', 'To: b\r\n\r\nBcc: body\r\n'],
    ['To: b\nBCC : a,\n\tc\nbcc: d\nCc: e\n\nx', 'To: b\nCc: e\n\nx'],
    ['To: b\r\nBcc: a\r\n\r\nx', 'To: b\r\n\r\nx'],
    ['To: b\r\nBcc: a', 'To: b\r\n'],
    ['To: b\r\nBcc-Not: a\r\n c\r\n\r\n', 'To: b\r\nBcc-Not: a\r\n c\r\n\r\n'],
    ['\r\nBcc: body\r\n', '\r\nBcc: body\r\n'],
    ['', ''],
  ])('makes of %j %j', (message, expected) => {
    expect(withoutField(Buffer.from(message), 'bcc').toString()).toBe(expected);
  });
});
