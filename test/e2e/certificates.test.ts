import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { type PeerCertificate, TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import { Talk } from '../server/talk.js';
import { pairFor } from '../tls/loopback.js';
import { scratch } from '../scratch.js';
import { GatewayProcess } from './gateway-process.js';

it('SIGHUP replaces the certificate; connections live on, and a bad one is not taken', async () => {
  const folder = await scratch();
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const install = async (name: string): Promise<void> => {
    const { cert, key } = await pairFor([name]);
    await writeFile(keyFile, key);
    await writeFile(certFile, cert);
  };
  await install('first.example');
  const gateway = await GatewayProcess.start({
    listen: ['smtps://127.0.0.1:0'],
    args: ['--tls-cert', certFile, '--tls-key', keyFile],
  });
  const old = await Talk.greeted(gateway.port, { tls: true });
  expect(nameOf(old)).toBe('DNS:first.example');

  await install('second.example');
  gateway.child.kill('SIGHUP');
  await gateway.says(/certificates reloaded/);
  await old.play('> NOOP', '< 250');
  expect(nameOf(await Talk.greeted(gateway.port, { tls: true }))).toBe('DNS:second.example');

  await writeFile(`${certFile}.new`, 'rubbish');
  await rename(`${certFile}.new`, certFile);
  gateway.child.kill('SIGHUP');
  await gateway.says(/not reloaded/);
  expect(nameOf(await Talk.greeted(gateway.port, { tls: true }))).toBe('DNS:second.example');
  await old.play('> NOOP', '< 250');
});

it('without a certificate it makes one, keeps it, and says so', async () => {
  const gateway = await GatewayProcess.start({ listen: ['smtps://127.0.0.1:0'] });
  expect(gateway.stderr).toMatch(/self-signed certificate, made now/);
  const first = fingerprint(await Talk.greeted(gateway.port, { tls: true }));
  expect(gateway.stderr).toContain(first);
  await gateway.stop('SIGKILL');
  const next = await GatewayProcess.start({ data: gateway.data, listen: ['smtps://127.0.0.1:0'] });
  expect(fingerprint(await Talk.greeted(next.port, { tls: true }))).toBe(first);
});

function nameOf({ socket }: Talk): string | undefined {
  return certificateOf(socket).subjectaltname;
}

function fingerprint({ socket }: Talk): string {
  return certificateOf(socket).fingerprint256;
}

function certificateOf(socket: Socket): PeerCertificate {
  if (!(socket instanceof TLSSocket)) throw new Error('not a TLS connection');
  return socket.getPeerCertificate();
}
