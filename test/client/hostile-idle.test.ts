/**
 * Invariant: if a server sends anything on a connection that waits in a pool, the client closes the connection, sends
 * nothing more on it, and delivers the next message over a new one.
 */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { shipment } from '../delivery/files/shipment.js';
import { send, smarthost } from '../delivery/smtp/setup.js';
import { AFTER_A_REPLY, LONG, WITHOUT_END } from './hostile-octets.js';
import { hostileServer } from './hostile-server.js';
import { play, writeWithoutEnd } from './scripted-server.js';

const CONTENT = 'Subject: x\r\n\r\nhello\r\n';

describe('an idle connection of a pool', () => {
  const IDLE: Readonly<Record<string, (socket: Socket) => void>> = {
    ...Object.fromEntries(
      Object.entries({
        ...AFTER_A_REPLY,
        'a reply': '250 ok\r\n',
        'a request for content': '354 go\r\n',
      }).map(([name, octets]) => [name, (socket: Socket) => void socket.write(octets, 'latin1')]),
    ),
    ...Object.fromEntries(
      Object.entries({ ...LONG, ...WITHOUT_END }).map(([name, octets]) => [
        `${name} without end`,
        (socket: Socket) => writeWithoutEnd(socket, octets('250')),
      ]),
    ),
    'its end': (socket) => socket.end(),
    'a reset': (socket) => socket.resetAndDestroy(),
  };

  it.each(Object.entries(IDLE))(
    'is closed if the server sends %s, and not used again',
    async (_, misbehave) => {
      const sockets: Socket[] = [];
      const lines: string[] = [];
      let closed: () => void = () => undefined;
      const isClosed = new Promise<void>((resolve) => (closed = resolve));
      const port = await hostileServer((socket) => {
        sockets.push(socket);
        socket.on('close', closed);
        play(socket, { heard: (line) => lines.push(line) });
      });
      const transport = smarthost(`smtp://127.0.0.1:${port}`);
      expect(await send(transport, shipment(CONTENT))).toMatchObject([{ outcome: 'delivered' }]);
      const [first] = sockets;
      if (first === undefined) throw new Error('there was no connection');
      lines.length = 0;
      misbehave(first);
      await isClosed;
      // The client says nothing on a connection that it closes for this.
      expect(lines).toEqual([]);
      expect(await send(transport, shipment(CONTENT))).toMatchObject([{ outcome: 'delivered' }]);
      expect(sockets).toHaveLength(2);
    },
  );
});
