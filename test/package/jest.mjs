// Runs the matchers of the packed `postern/testing` in a real jest, in CommonJS and in ES modules. Says so if jest cannot
// be had from the registry.
//
//     node test/package/jest.mjs
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tarballs } from './tarballs.mjs';

/** The second message is missing: the error must list the one that came. */
const TESTS = `
expect.extend(mailMatchers);
let mail;
beforeAll(async () => { mail = await startMail(); });
afterAll(() => mail.close());

test('a message is found, and one that did not come is missed', async () => {
  const app = createTransport({ host: mail.host, port: mail.port });
  await app.sendMail({ from: 'shop@example.com', to: 'ada@example.org', subject: 'Invoice 7', text: 'Thank you' });
  await expect(mail).toReceive({ to: 'ada@example.org', subject: /^Invoice \\d+$/ });
  await expect(mail).not.toReceive({ to: 'bob@example.org' });
  const missed = expect(mail).toReceive({ to: 'bob@example.org' }, { timeout: 50 });
  await expect(missed).rejects.toThrow(/Invoice 7/);
});
`;
const FILES = {
  'package.json': '{ "private": true }',
  'common.test.js': `
const { createTransport } = require('nodemailer');
const { mailMatchers, startMail } = require('postern/testing');
${TESTS}`,
  'module.test.mjs': `
import { createTransport } from 'nodemailer';
import { mailMatchers, startMail } from 'postern/testing';
${TESTS}`,
};

const folder = mkdtempSync(join(tmpdir(), 'postern-jest-'));
try {
  const { postern: library } = tarballs(folder);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  const install = ['install', '--no-audit', '--no-fund', '--loglevel=error'];
  const got = spawnSync('npm', [...install, 'jest@30', 'nodemailer@10', library], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (got.status === 0) {
    const jest = ['jest', '--testMatch', '**/*.test.{js,mjs}'];
    const { status, stdout, stderr } = spawnSync('npx', jest, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules' },
    });
    const summary = /^Tests: .*$/m.exec(stderr)?.[0] ?? '';
    if (status === 0 && summary.includes('2 passed')) console.log(`ok      jest: ${summary}`);
    else {
      console.error(`FAILED  jest: ${stdout}${stderr}`);
      process.exitCode = 1;
    }
  } else console.log(`skipped jest: it could not be had: ${got.stderr.split('\n')[0]}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
