/** Invariant: a server cannot make the client compute one TLS handshake after another over one connection. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { openSession, Shared } from '../../src/client/parts.js';
import { testCertificates } from '../certs.js';
import { answering } from './hostile-server.js';

it('a server cannot renegotiate TLS 1.2', async () => {
  const { cert, key } = await testCertificates();
  let report: (result: string) => void = () => undefined;
  const result = new Promise<string>((resolve) => (report = resolve));
  const server = createServer(
    { cert: readFileSync(cert), key: readFileSync(key), maxVersion: 'TLSv1.2' },
    (socket: TLSSocket) => {
      socket.on('error', (error: Error) => report(error.message));
      answering(socket, () => {
        socket.renegotiate({}, (error) => report(error?.message ?? 'renegotiated'));
        return '250 x\r\n';
      });
      socket.write('220 x\r\n');
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const opening = openSession(
    { host: '127.0.0.1', port, timeout: 15_000, implicitTls: true, tls: { verify: false } },
    new Shared(10),
  );
  onTestFinished(() => opening.channel.close());
  void opening.session.catch(() => undefined);
  expect(await result).toMatch(/no renegotiation/);
});
