import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Starts a server that runs `behave` for each connection, and closes it after the test. Returns its port. */
export async function hostileServer(behave: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  // Without Nagle's algorithm, since these servers write replies in small pieces.
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    behave(socket);
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Answers each line with the result of a function; if that is null, sends nothing. */
export function answering(socket: Socket, answer: (line: string) => string | null): void {
  let text = '';
  socket.on('data', (octets: Buffer) => {
    text += octets.toString('latin1');
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const reply = answer(text.slice(0, end));
      text = text.slice(end + 2);
      if (reply !== null) socket.write(reply);
    }
  });
}
