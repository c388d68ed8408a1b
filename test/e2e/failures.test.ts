/** What an operator does wrong gets one line that says what, and a status that is not zero. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BOUND_BY_MODES } from '../bound-by-modes.js';
import { testCertificates } from '../certs.js';
import { Talk } from '../server/talk.js';
import { scratch } from '../scratch.js';
import { GatewayProcess, type StartOptions } from './gateway-process.js';

async function failure(options: StartOptions): Promise<string> {
  const gateway = await GatewayProcess.spawn(options);
  expect(await gateway.exited).toBe(1);
  expect(gateway.stdout).toBe('');
  expect(gateway.stderr).not.toMatch(/^\s+at /m);
  return gateway.stderr.trimEnd();
}

describe('serve says what is wrong and ends', () => {
  it('where the port is in use', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void blocker.close());
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as AddressInfo;
    expect(await failure({ listen: [`smtp://127.0.0.1:${port}`] })).toMatch(
      new RegExp(
        `^postern: cannot listen on smtp://127\\.0\\.0\\.1:${port}[^\\n]*: the port is in use; .*--listen$`,
        'm',
      ),
    );
  });

  it('where another server runs on the data, which is not disturbed', async () => {
    const first = await GatewayProcess.start();
    expect(await failure({ data: first.data })).toMatch(/^postern: .*(another|in use)/im);
    expect(await (await Talk.greeted(first.port)).signIn(first.token)).toMatch(/^235/);
  });

  it('where the certificate cannot be used', async () => {
    const { cert, clientKey } = await testCertificates();
    const folder = await scratch();
    const junk = join(folder, 'junk.pem');
    await writeFile(junk, 'not a certificate');
    const missing = join(folder, 'missing.pem');
    for (const [certFile, keyFile, expected] of [
      [junk, clientKey, 'not PEM'],
      [missing, clientKey, 'no such file'],
      [cert, clientKey, 'key does not belong to certificate'],
    ] as const) {
      const said = await failure({ args: ['--tls-cert', certFile, '--tls-key', keyFile] });
      expect(said).toMatch(/^postern: .*; see tls\.cert, tls\.key and tls\.client_ca/m);
      expect(said).toContain(expected);
    }
  });

  it('where the data folder is a file', async () => {
    const file = join(await scratch(), 'file');
    await writeFile(file, '');
    expect(await failure({ data: file })).toMatch(/^postern: .*file/m);
  });

  it('where the data folder may not be read', async () => {
    const folder = join(await scratch(), 'closed');
    await mkdir(folder);
    await chmod(folder, 0);
    expect(await failure({ data: folder, by: BOUND_BY_MODES })).toMatch(/^postern: .*(permission|EACCES)/im);
  });

  it.skipIf(!existsSync('/proc/self'))('where no folder can be made (needs /proc)', async () => {
    for (const data of ['/proc/x', '/proc/x/y']) {
      expect(await failure({ data })).toMatch(/^postern: .*\/proc\/x/m);
    }
  });

  it('where the database is a FIFO', async () => {
    const folder = await scratch();
    expect(spawnSync('mkfifo', [join(folder, 'postern.db')]).status).toBe(0);
    expect(await failure({ data: folder })).toMatch(/^postern: .*postern\.db is not a file/m);
  });

  it('where the data is of a newer version', async () => {
    const gateway = await GatewayProcess.start();
    await gateway.stop();
    const database = new DatabaseSync(join(gateway.data, 'postern.db'));
    database.exec('PRAGMA user_version = 9999');
    database.close();
    expect(await failure({ data: gateway.data })).toMatch(/^postern: .*newer/im);
  });
});

it('a wrong option names what is allowed, and ends with 2', async () => {
  const gateway = await GatewayProcess.spawn({ args: ['--smtp-max-size', 'huge'] });
  expect(await gateway.exited).toBe(2);
  expect(gateway.stderr).toMatch(/smtp\.max_size[^]*huge/);
});
