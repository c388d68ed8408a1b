import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { onTestFinished } from 'vitest';

/** Starts a server that offers STARTTLS and breaks the handshake. Without TLS, it accepts everything. */
export async function brokenTls(): Promise<{ readonly port: number; readonly handshakes: () => number }> {
  let handshakes = 0;
  const server = createServer((socket) => {
    let text = '';
    let content = false;
    socket.on('error', () => undefined);
    socket.write('220 broken.example\r\n');
    socket.on('data', (octets: Buffer) => {
      text += octets.toString('latin1');
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (content && line !== '.') continue;
        if (line === 'STARTTLS') {
          handshakes += 1;
          socket.write('220 Go\r\n', () => socket.write('this is no TLS\r\n'));
          return;
        }
        content = line === 'DATA';
        socket.write(
          content
            ? '354 Go\r\n'
            : line.startsWith('EHLO')
              ? '250-broken.example\r\n250 STARTTLS\r\n'
              : '250 Ok\r\n',
        );
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, handshakes: () => handshakes };
}
