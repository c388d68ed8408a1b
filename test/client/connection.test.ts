// A connection that sends messages one after the other: what ends it, and who hears of it.
import { describe, expect, it, onTestFinished } from 'vitest';
import { Connection, type ConnectionOptions } from '../../src/client/connection.js';
import { type ConnectionError, type OutgoingMessage, Shared } from '../../src/client/parts.js';
import { hostileServer } from './hostile-server.js';
import { play, type Script } from './scripted-server.js';

const MESSAGE: OutgoingMessage = {
  mail: 'MAIL FROM:<a@example.com>',
  recipients: ['RCPT TO:<b@example.net>'],
  content: { form: 'data', octets: Buffer.from('x\r\n.\r\n') },
};

/** Opens a connection to a server that plays a script, and keeps what `onCut` is called with. */
async function opened(script: Script, options: Partial<ConnectionOptions> = {}) {
  const heard: string[] = [];
  const cuts: ConnectionError[] = [];
  const port = await hostileServer((socket) =>
    play(socket, { ...script, heard: (line) => heard.push(line) }),
  );
  const given = { host: '127.0.0.1', port, timeout: 15_000, messages: 2, messageTimeout: 15_000 };
  const connection = await Connection.open(
    { ...given, onCut: (error) => cuts.push(error), ...options },
    new Shared(10),
  );
  onTestFinished(() => connection.destroy());
  return { connection, heard, cuts };
}

describe('a connection', () => {
  it('says how far it is used', async () => {
    const { connection } = await opened({});
    expect([connection.used, connection.usable]).toEqual([false, true]);
    await connection.send(MESSAGE);
    expect([connection.used, connection.usable]).toEqual([true, true]);
    await connection.send(MESSAGE);
    expect([connection.used, connection.usable]).toEqual([true, false]);
  });

  it('sends one message at a time', async () => {
    const { connection } = await opened({});
    const first = connection.send(MESSAGE);
    await expect(connection.send(MESSAGE)).rejects.toThrow('another message is under way');
    expect((await first).error).toBe(null);
    expect((await connection.send(MESSAGE)).error).toBe(null);
  });

  it('is cut if the server says something unasked between two messages', async () => {
    const { connection, cuts } = await opened({
      write: (socket, octets, step) => {
        socket.write(step === 'content' ? `${octets}250 unasked\r\n` : octets);
      },
    });
    await connection.send(MESSAGE).catch(() => undefined);
    await connection.ended;
    expect(cuts.map(({ fault }) => fault)).toEqual(['protocol']);
    expect(connection.usable).toBe(false);
  });

  it('is not cut if the server closes it between two messages', async () => {
    const { connection, cuts } = await opened({
      write: (socket, octets, step) => {
        if (step === 'content') socket.end(octets);
        else socket.write(octets);
      },
    });
    await connection.send(MESSAGE);
    await connection.ended;
    expect(cuts).toEqual([]);
    expect(connection.usable).toBe(false);
  });

  it('is cut if RSET is refused', async () => {
    const { connection, cuts } = await opened({
      pipelining: false,
      replies: { RCPT: '550 no\r\n', RSET: '550 no\r\n' },
    });
    await connection.send(MESSAGE);
    await connection.ended;
    expect(cuts.map(({ fault, phase }) => [fault, phase])).toEqual([['protocol', 'reset']]);
  });

  it('ends with the reply to QUIT', async () => {
    const { connection, heard, cuts } = await opened({});
    connection.quit();
    await connection.ended;
    expect(heard).toEqual(['EHLO localhost', 'QUIT']);
    expect(cuts).toEqual([]);
    connection.quit();
    await expect(connection.send(MESSAGE)).resolves.toMatchObject({ error: { fault: 'closed' } });
  });

  it('says nothing once it is closed', async () => {
    const said: string[] = [];
    const transcript = {
      sent: (command: string) => void said.push(command),
      received: () => undefined,
      secured: () => undefined,
    };
    const { connection } = await opened({}, { transcript });
    connection.quit();
    await connection.ended;
    connection.quit();
    expect(said).toEqual(['EHLO localhost', 'QUIT']);
  });

  it('is cut if the reply to QUIT does not answer it', async () => {
    const { connection, cuts } = await opened({ replies: { QUIT: '354 go on\r\n' } });
    connection.quit();
    await connection.ended;
    expect(cuts.map(({ fault, phase }) => [fault, phase])).toEqual([['protocol', 'quit']]);
  });

  it('ends a second after QUIT if no reply comes', async () => {
    const { connection, cuts } = await opened({
      write: (socket, octets, step) => {
        if (step !== 'QUIT') socket.write(octets);
      },
    });
    connection.quit();
    await connection.ended;
    expect(cuts).toEqual([]);
  });
});
