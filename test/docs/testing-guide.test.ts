// The examples of docs/guides/testing.md, run as they stand.
import { spawn, spawnSync } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { describe, expect, it } from 'vitest';
import { GatewayProcess } from '../e2e/gateway-process.js';
import { PROJECT, readDocument } from './markdown.js';
import { installed, Program, start } from './programs.js';

const guide = readDocument('docs/guides/testing.md');
const blocks = guide.blocks.filter(({ language }) => language === 'js');
const isFor =
  (runner: string) =>
  ({ text }: { readonly text: string }) =>
    text.includes(`'${runner}'`);
const hasCurl = spawnSync('curl', ['--version']).status === 0;

function block(language: string, heading: string): string {
  const found = guide.blocks.find((one) => one.language === language && one.heading === heading);
  expect(found).toBeDefined();
  return found?.text ?? '';
}

describe('an example of the guide to testing', () => {
  it.each(blocks.filter(isFor('node:test')))('passes under node:test: $heading', async ({ text }) => {
    const program = await start(await installed(), 'mail.test.mjs', text);
    expect((await program.exited)[0], program.output).toBe(0);
    expect(program.output).toMatch(/pass [1-9]/);
    expect(program.output).toMatch(/fail 0/);
  });

  it.each(blocks.filter(isFor('vitest')))('passes under vitest: $heading', async ({ text }) => {
    const folder = await installed();
    await symlink(join(PROJECT, 'node_modules/vitest'), join(folder, 'node_modules/vitest'));
    await writeFile(join(folder, 'mail.test.mjs'), text);
    const words = [join(PROJECT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder];
    const program = new Program(spawn(process.execPath, words, { cwd: folder }));
    expect((await program.exited)[0], program.output).toBe(0);
    expect(program.output).toMatch(/1 passed/);
  });

  it('waits by the HTTP API', async () => {
    const gateway = await GatewayProcess.start();
    const folder = await installed();
    await writeFile(join(folder, 'wait.mjs'), block('js', 'Playwright, Cypress and other languages'));
    const waiting = await start(
      folder,
      'main.mjs',
      `import { waitForMail } from './wait.mjs';
      const found = await waitForMail('${gateway.httpUrl}', '${gateway.token}', { to: 'ada@example.org' });
      console.log(found.subject);
      await waitForMail('${gateway.httpUrl}', '${gateway.token}', { to: 'ada@example.org', subject: 'x', wait: '1s' });`,
    );
    const { token: user } = gateway;
    await createTransport({ port: gateway.port, ignoreTLS: true, auth: { user, pass: user } }).sendMail({
      from: 'app@example.com',
      to: 'ada@example.org',
      subject: 'Welcome',
    });
    expect((await waiting.exited)[0]).toBe(1);
    expect(waiting.output).toMatch(/^Welcome\n/);
    expect(waiting.output).toContain('no message for');
  });

  it.skipIf(!hasCurl)('waits by curl (skipped without curl)', async () => {
    const gateway = await GatewayProcess.start();
    const { token } = gateway;
    await createTransport({
      port: gateway.port,
      ignoreTLS: true,
      auth: { user: token, pass: token },
    }).sendMail({
      from: 'app@example.com',
      to: 'ada@example.org',
      subject: 'Welcome',
    });
    const line = block('sh', 'Playwright, Cypress and other languages');
    const program = new Program(
      spawn('sh', ['-c', line], { env: { ...process.env, TOKEN: token, POSTERN: gateway.httpUrl } }),
    );
    await program.exited;
    expect(JSON.parse(program.output)).toMatchObject({ messages: [{ subject: 'Welcome' }] });
  });
});
