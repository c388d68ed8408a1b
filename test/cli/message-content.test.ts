import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { safeFileName } from '../../src/cli/commands/attachment-files.js';
import { scratch } from '../scratch.js';
import { accept, Collector, postern, runningStore, spawnPostern } from './postern.js';

const MESSAGE = [
  'From: App <app@example.com>',
  'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= =?utf-8?q?_=1B]0;title=07?=',
  'X-Long: first',
  ' second',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=outer',
  '',
  '--outer',
  'Content-Type: multipart/alternative; boundary=inner',
  '',
  '--inner',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
  '',
  'Code: 493817\u202e, or https://example.com/confirm?t=1',
  '',
  '--inner',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<p>Code: 493817, or <a href="https://example.com/confirm?t=1">here</a></p>',
  '--inner--',
  '--outer',
  'Content-Type: text/plain; name="../../etc/passwd"',
  'Content-Disposition: attachment; filename="../../etc/passwd"',
  '',
  'root',
  '--outer',
  'Content-Type: application/octet-stream',
  'Content-Disposition: attachment; filename="passwd"',
  'Content-Transfer-Encoding: base64',
  '',
  'AAEC/w==',
  '--outer',
  'Content-Type: application/pdf',
  "Content-Disposition: attachment; filename*=utf-8''%2E%2E%5C.bashrc%0A%E2%80%AEfdp.exe",
  '',
  'x',
  '--outer--',
  '',
].join('\r\n');

async function stored(content: string | Uint8Array = MESSAGE) {
  const data = await scratch();
  const store = await runningStore(data);
  const domain = await store.addDomain('example.com', new Uint8Array(32).fill(1), 0);
  const id = String(await accept(store, domain?.id ?? 0, {}, Buffer.from(content)));
  const show = (...args: string[]) => postern(['message', id, ...args, '--data', data]);
  return { data, id, show };
}

/** The text that a terminal would get. */
async function onTerminal(args: readonly string[]): Promise<string> {
  const stdout = Object.assign(new Collector(), { isTTY: true, columns: 80 });
  await run(args, { stdout, stderr: new Collector(), environment: {} });
  return stdout.text();
}

describe('postern message', () => {
  it('--text and --html show the body, as it is to a program and without controls to a terminal', async () => {
    const { data, id, show } = await stored();
    const text = await show('--text');
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toMatch(/^Code: 493817.*https:\/\/example\.com\/confirm\?t=1\n/);
    expect((await show('--html')).stdout).toBe(
      '<p>Code: 493817, or <a href="https://example.com/confirm?t=1">here</a></p>\n',
    );
    const shown = await onTerminal(['message', id, '--text', '--data', data]);
    expect(shown).toContain('Code: 493817');
    expect(shown).not.toMatch(/[\u202e\u001b]/);
  });

  it('--headers shows the fields decoded, one a line, and nothing that drives a terminal', async () => {
    const { show } = await stored();
    const { stdout } = await show('--headers');
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      'From: App <app@example.com>',
      expect.stringMatching(/^Subject: Grüße.*\]0;title/),
      'X-Long: first second',
    ]);
    expect(stdout).not.toContain('\u001b');
    const [fields] = (await show('--headers', '--json')).stdout.split('\n');
    expect(JSON.parse(fields ?? '')).toContainEqual({ name: 'X-Long', value: 'first second' });
  });

  it('--links shows links and one-time codes', async () => {
    const { show } = await stored();
    expect(await show('--links')).toEqual({
      exitCode: 0,
      stdout: 'https://example.com/confirm?t=1\n493817\n',
      stderr: '',
    });
    expect(JSON.parse((await show('--links', '--json')).stdout)).toMatchObject({
      links: [{ url: 'https://example.com/confirm?t=1' }],
      codes: ['493817'],
    });
  });

  it('--attachments writes into the folder alone, and replaces nothing', async () => {
    const { data, id } = await stored();
    const folder = await scratch();
    const out = join(folder, 'out');
    mkdirSync(out);
    writeFileSync(join(folder, 'kept'), 'kept');
    // A link of the name that an attachment has.
    symlinkSync(join(folder, 'kept'), join(out, 'passwd'));
    const { exitCode, stdout, stderr } = await spawnPostern([
      'message',
      id,
      ...['--attachments', out, '--json', '--data', data],
    ]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(readdirSync(folder).sort()).toEqual(['kept', 'out']);
    expect(readFileSync(join(folder, 'kept'), 'utf8')).toBe('kept');
    const names = readdirSync(out).sort();
    expect(names).toHaveLength(4);
    expect(names.slice(1)).toEqual(expect.arrayContaining(['passwd', 'passwd (2)', 'passwd (3)']));
    expect(readFileSync(join(out, 'passwd (2)'), 'latin1')).toBe('root');
    expect([...readFileSync(join(out, 'passwd (3)'))]).toEqual([0, 1, 2, 255]);
    for (const name of names) expect(name).toMatch(/^[^.\-/\\\p{C}][^/\\\p{C}]*$/u);
    expect(stdout.trim().split('\n')).toHaveLength(3);
    // Once more: everything gets a new name.
    await spawnPostern(['message', id, '--attachments', out, '--data', data]);
    expect(readdirSync(out)).toHaveLength(7);
    expect(readFileSync(join(out, 'passwd (2)'), 'latin1')).toBe('root');
  });

  it('makes the folder of --attachments, and says what is wrong with it', async () => {
    const { show } = await stored();
    const folder = await scratch();
    const made = await show('--attachments', join(folder, 'a/b'));
    expect([made.exitCode, readdirSync(join(folder, 'a/b')).length]).toEqual([0, 3]);
    writeFileSync(join(folder, 'file'), '');
    const failed = await show('--attachments', join(folder, 'file'));
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toMatch(/^postern: --attachments: cannot write .*file/);
  });

  it('says what a message does not have', async () => {
    const { id, show } = await stored('Subject: x\r\n\r\nonly text\r\n');
    expect(await show('--html')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `postern: message ${id} has no HTML; "postern message ${id} --text" shows its text\n`,
    });
    expect((await show('--links')).stderr).toBe('The message has no links and no codes.\n');
    const none = await show('--attachments', join(await scratch(), 'never'));
    expect(none).toMatchObject({ exitCode: 0, stdout: '', stderr: `Message ${id} has no attachments.\n` });
  });

  it('refers to the octets of a message that cannot be taken apart', async () => {
    const { id, show } = await stored(
      'Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n',
    );
    const { exitCode, stderr } = await show('--text');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`cannot be taken apart: .*; "postern message ${id} --raw" has its octets`),
    );
  });

  it.each([
    [['--text', '--html'], /'--text' cannot be used with option '--html'|'--html' cannot be used with/],
    [['--text', '--json'], /'--text' cannot be used with option '--json'/],
    [['--raw', '--links'], /cannot be used with option/],
    [['--attachments'], /'--attachments <DIR>' argument missing/],
  ])('refuses %j', async (args, reason) => {
    const { exitCode, stderr } = await postern(['message', '5', ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(reason);
  });
});

describe('the name of a file for an attachment', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Windows\\win.ini', 'win.ini'],
    ['..', 'attachment'],
    ['.', 'attachment'],
    ['', 'attachment'],
    ['/', 'attachment'],
    ['.bashrc', '_bashrc'],
    ['-rf', '_rf'],
    ['a:b|c?.txt', 'a_b_c_.txt'],
    ['NUL.txt', '_NUL.txt'],
    ['name. . ', 'name'],
    ['a\u0000b\u001b[2Jc\u202etxt', 'a_b_[2Jc_txt'],
    ['Grüße ☃.txt', 'Grüße ☃.txt'],
  ])('is, for %j, %j', (name, expected) => {
    expect(safeFileName(name)).toBe(expected);
  });

  it('has at most 200 octets, keeps its extension, and cuts no character', () => {
    const name = safeFileName(`${'ü'.repeat(300)}.pdf`);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
    expect(name).toMatch(/^ü+\.pdf$/);
  });
});
