/**
 * A remote server that sends blank lines without end after its reply to EHLO is cut off. Other clients are served
 * meanwhile, and the server stops in its time.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { testCertificates } from '../certs.js';
import { hostileServer } from '../client/hostile-server.js';
import { Talk } from '../server/talk.js';
import { app, delivering, send, recipientsOnce } from './sending.js';

const BLANK_LINES = '\r\n'.repeat(32_768);

/** Greets, replies to EHLO, and then writes blank lines for as long as the client takes them. */
function flood(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.write('220 x\r\n');
  socket.once('data', () => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(BLANK_LINES));
    };
    socket.on('drain', more);
    socket.write('250 x\r\n');
    more();
  });
}

async function tlsServer(behave: (socket: Socket) => void): Promise<number> {
  const { cert, key } = await testCertificates();
  const sockets = new Set<Socket>();
  const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
    sockets.add(socket);
    behave(socket);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

it.each([
  ['plain', hostileServer, (port: number) => `smtp://127.0.0.1:${port}?tls=off`],
  ['over TLS', tlsServer, (port: number) => `smtps://127.0.0.1:${port}?verify=off`],
])(
  '%s, it is cut off, NOOP of another client is answered, and SIGTERM ends the server',
  async (_, open, url) => {
    let cut: () => void = () => undefined;
    const isCut = new Promise<void>((resolve) => (cut = resolve));
    const port = await open((socket) => {
      socket.on('close', cut);
      flood(socket);
    });
    const gateway = await delivering(url(port), { POSTERN_DELIVERY_STOP_GRACE: '2s' });
    const other = await Talk.greeted(gateway.port);
    const id = await send(await app(gateway));
    for (let n = 0; n < 20; n++) await other.play('> NOOP', '< 250');
    await isCut;
    const [you] = await recipientsOnce(gateway, id, 'deferred');
    expect(you?.attempts[0]?.outcome).toBe('deferred');
    await other.play('> NOOP', '< 250');
    // Further attempts meet the same flood.
    expect(await gateway.stop()).toBe(0);
  },
);
