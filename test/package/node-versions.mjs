// Uses the package `postern` with other versions of Node, from the registry by npx: ES modules and CommonJS, the server, TLS,
// the adapter and the mail server for tests. Says which version was used, and which could not be had.
//
//     node test/package/node-versions.mjs [20.19.0 22 24 26]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tarballs } from './tarballs.mjs';

const given = process.argv.slice(2);
const versions = given.length > 0 ? given : ['20.19.0', '22', '24', '26'];

/** Sends a message to `postern/testing`, and one with STARTTLS to the adapter. */
const PROGRAM = `
import { createRequire } from 'node:module';
import { Reply } from 'postern';
import { connect } from 'postern/client';
import { SMTPServer } from 'postern/smtp-server';
import { startMail } from 'postern/testing';

process.on('warning', (warning) => { throw warning; });
if (createRequire(import.meta.url)('postern').Reply !== Reply) throw new Error('two classes Reply');
const message = { from: 'a@example.com', to: ['b@example.net'], content: 'Subject: Hello\\r\\n\\r\\nHello!\\r\\n' };

const mail = await startMail();
const plain = await connect({ host: mail.host, port: mail.port });
await plain.send(message);
await plain.quit();
const { subject } = await mail.waitFor({ to: 'b@example.net' });
await mail.close();

const server = new SMTPServer({
  authOptional: true,
  onData: (stream, session, callback) => void stream.resume().on('end', () => callback()),
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.server.address();
const secure = await connect({ host: '127.0.0.1', port, startTls: true, tls: { verify: false } });
await secure.send(message);
console.log(process.version, subject, secure.tls);
await secure.quit();
server.close();
`;

function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe', timeout: 300_000 }).trim();
}

const folder = mkdtempSync(join(tmpdir(), 'postern-versions-'));
try {
  const { postern: library } = tarballs(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', library], folder);
  writeFileSync(join(folder, 'main.mjs'), PROGRAM);
  for (const version of versions) {
    const node = ['-y', '-p', `node@${version}`, 'node'];
    try {
      run('npx', [...node, '--version'], folder);
    } catch (error) {
      console.log(`skipped ${version}: it could not be had: ${String(error.message).split('\n')[0]}`);
      continue;
    }
    try {
      console.log(`ok      ${version}: ${run('npx', [...node, 'main.mjs'], folder)}`);
    } catch (error) {
      console.error(`FAILED  ${version}: ${error.stdout}${error.stderr}`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
