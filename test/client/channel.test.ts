// One connection of a client, octet by octet: what is due and for how long, what closes it, and what still leaves then.
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Channel } from '../../src/client/channel.js';
import type { ChannelOptions } from '../../src/client/channel-options.js';
import { type ConnectionError, Shared } from '../../src/client/parts.js';
import { testCertificates } from '../certs.js';
import { hostileServer } from './hostile-server.js';
import { play, writeInTwo } from './scripted-server.js';

/** Milliseconds between two sweeps: so many that none comes by itself. */
const SWEEP_MS = 1_000_000;
/** A step may take so many sweeps, and is overdue at the next one. */
const STEP = 10;
const MEGABYTE = 1_000_000;

const certificates = await testCertificates();
const tls = { cert: readFileSync(certificates.cert), key: readFileSync(certificates.key) };
const soon = { timeout: 10_000 };

/** A channel to a port, and what it has called. */
function channelTo(port: number, options: Partial<ChannelOptions> = {}) {
  const shared = new Shared(SWEEP_MS);
  const replies: number[] = [];
  const lost: ConnectionError[] = [];
  const listener = {
    reply: ({ code }: { code: number }) => void replies.push(code),
    lost: (error: ConnectionError) => void lost.push(error),
  };
  const given = { host: '127.0.0.1', port, timeout: STEP * SWEEP_MS, ...options };
  const channel = new Channel(given, shared, listener);
  onTestFinished(() => channel.destroy());
  /** Lets so many sweeps pass. */
  const pass = (sweeps: number): void => {
    shared.tick += sweeps;
    channel.sweep();
  };
  return { channel, replies, lost, pass };
}

/** A channel that was greeted, and the server's end of it, which reads nothing. */
async function greeted(options: Partial<ChannelOptions> = {}) {
  const sockets: Socket[] = [];
  const port = await hostileServer((socket) => {
    sockets.push(socket);
    socket.write('220 x\r\n');
  });
  const opened = channelTo(port, options);
  await expect.poll(() => opened.replies, soon).toEqual([220]);
  const [server] = sockets;
  if (server === undefined) throw new Error('no connection');
  return { ...opened, server };
}

/** A server that takes TLS from the first octet on, greets, and passes its end on. */
async function tlsServer(accepted: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer(tls, (socket) => {
    sockets.push(socket.on('error', () => undefined));
    socket.write('220 x\r\n');
    accepted(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('a channel', () => {
  it('counts the replies that are due', async () => {
    const { channel, server, replies } = await greeted();
    expect(channel.due).toBe(0);
    channel.sendCommands(['NOOP', 'NOOP']);
    expect(channel.due).toBe(2);
    server.write('250 ok\r\n');
    await expect.poll(() => replies, soon).toEqual([220, 250]);
    expect(channel.due).toBe(1);
  });

  it('shows the transcript its commands, and of AUTH the mechanism alone', async () => {
    const shown: string[] = [];
    const transcript = {
      sent: (command: string) => void shown.push(command),
      received: ({ code }: { code: number }) => void shown.push(String(code)),
      secured: (cipher: string) => void shown.push(cipher),
    };
    const { channel } = await greeted({ transcript });
    channel.sendCommands(['NOOP', 'VRFY x']);
    channel.phase = 'auth';
    channel.sendCommands(['AUTH PLAIN AHgAeQ==']);
    channel.sendCommands(['AHgAeQ==']);
    expect(shown).toEqual(['220', 'NOOP', 'VRFY x', 'AUTH PLAIN [secret]', '[secret]']);
  });

  it('takes a reply that comes in two pieces', async () => {
    const { channel, server, replies, lost } = await greeted();
    channel.sendCommands(['NOOP']);
    writeInTwo(server, '250 ok\r\n', 2);
    await expect.poll(() => replies, soon).toEqual([220, 250]);
    expect(lost).toEqual([]);
  });

  it('is closed if the beginning of a reply comes that is not due', async () => {
    const { server, lost } = await greeted();
    server.write('2');
    await expect.poll(() => lost, soon).toMatchObject([{ fault: 'protocol', phase: 'greeting' }]);
    expect(lost[0]?.message).toBe('octets came that no command asked for');
  });

  it('goes on with the content when the server takes it', async () => {
    const { channel, server, lost } = await greeted();
    const written = channel.write(Buffer.alloc(20 * MEGABYTE));
    server.resume();
    await written;
    expect(channel.unsent).toBe(0);
    expect(lost).toEqual([]);
  });
});

describe('the deadline of a channel', () => {
  it('does not pass while nothing is due', async () => {
    const { lost, pass } = await greeted();
    pass(100 * STEP);
    expect(lost).toEqual([]);
  });

  it('is that of the reply, from the command on', async () => {
    const { channel, lost, pass } = await greeted();
    pass(100 * STEP);
    channel.sendCommands(['NOOP']);
    pass(STEP);
    expect(lost).toEqual([]);
    pass(1);
    expect(lost).toMatchObject([{ fault: 'timeout' }]);
    expect(lost[0]?.message).toMatch(/ without a reply$/);
  });

  it('is not put off by further commands', async () => {
    const { channel, lost, pass } = await greeted();
    channel.sendCommands(['NOOP']);
    pass(STEP);
    channel.sendCommands(['NOOP']);
    pass(1);
    expect(lost).toMatchObject([{ fault: 'timeout' }]);
  });

  it('is that of content if the server takes none', async () => {
    const { channel, lost, pass } = await greeted();
    pass(100 * STEP);
    const written = channel.write(Buffer.alloc(20 * MEGABYTE));
    pass(STEP);
    expect(lost).toEqual([]);
    pass(1);
    await written;
    expect(lost).toMatchObject([{ fault: 'timeout' }]);
    expect(lost[0]?.message).toMatch(/ without progress of the content$/);
  });

  it('is that of the handshake after STARTTLS', async () => {
    const { channel, lost, pass } = await greeted();
    pass(100 * STEP);
    channel.secure(() => undefined);
    pass(STEP);
    expect(lost).toEqual([]);
    pass(1);
    expect(lost).toMatchObject([{ fault: 'timeout' }]);
    expect(lost[0]?.message).toMatch(/ without TLS$/);
  });

  it('is that of the message altogether, until it is removed', async () => {
    const { channel, lost, pass } = await greeted();
    channel.limitTo(2 * SWEEP_MS);
    pass(2);
    channel.limitTo(null);
    pass(2);
    channel.limitTo(2 * SWEEP_MS);
    pass(2);
    expect(lost).toEqual([]);
    pass(1);
    expect(lost).toMatchObject([{ fault: 'timeout', message: 'the message took too long altogether' }]);
  });
});

describe('a channel that was closed', () => {
  it('still sends what it was given before, and nothing more, and calls nothing', async () => {
    const { channel, server, lost } = await greeted();
    let octets = 0;
    server.on('data', (piece: Buffer) => (octets += piece.length));
    const ended = once(server, 'end');
    channel.send(Buffer.alloc(8 * MEGABYTE), 1);
    channel.close();
    expect(channel.unsent).toBeGreaterThan(0);
    channel.send('more', 1);
    channel.sendAll(['more'], 1);
    await channel.write(Buffer.from('more'));
    channel.destroy();
    channel.abort();
    await ended;
    expect(octets).toBe(8 * MEGABYTE);
    expect(lost).toEqual([]);
  });

  it('does not wait without end for a server that does not read', async () => {
    const { channel } = await greeted();
    channel.send(Buffer.alloc(20 * MEGABYTE), 1);
    channel.close();
    expect(channel.unsent).toBeGreaterThan(0);
    await expect.poll(() => channel.unsent, soon).toBe(0);
  });
});

describe('TLS on a channel', () => {
  it('is shown to the transcript, and begins the session', async () => {
    const ciphers: string[] = [];
    const sockets: Socket[] = [];
    const port = await tlsServer((socket) => void sockets.push(socket));
    const transcript = {
      sent: () => undefined,
      received: () => undefined,
      secured: (cipher: string) => void ciphers.push(cipher),
    };
    const options = { implicitTls: true, tls: { verify: false }, transcript };
    const { channel, replies, lost } = channelTo(port, options);
    await expect.poll(() => replies, soon).toEqual([220]);
    expect(ciphers).toEqual([channel.cipher]);
    expect(channel.cipher).toMatch(/^TLSv1\.3 TLS_/);
    expect(channel.phase).toBe('greeting');
    sockets[0]?.end();
    await expect.poll(() => lost, soon).toMatchObject([{ fault: 'closed' }]);
  });

  it('takes a reply that came with the one before for an answer to nothing that was sent between', async () => {
    const port = await tlsServer((socket) => {
      socket.once('data', () => socket.write('250 one\r\n250 two\r\n'));
    });
    const { channel, lost } = channelTo(port, { implicitTls: true, tls: { verify: false } });
    const replies: number[] = [];
    channel.listener = {
      reply: ({ code }) => {
        replies.push(code);
        channel.sendCommands(['NOOP']);
      },
      lost: (error) => void lost.push(error),
    };
    await expect.poll(() => lost, soon).toMatchObject([{ fault: 'protocol', reply: { code: 250 } }]);
    expect(replies).toEqual([220, 250]);
  });

  it('does not begin if octets came after the reply to STARTTLS', async () => {
    const { channel, server, replies, lost } = await greeted();
    channel.sendCommands(['STARTTLS', 'NOOP']);
    server.write('220 go\r\n250-begun\r\n');
    await expect.poll(() => replies, soon).toEqual([220, 220]);
    channel.secure(() => undefined);
    expect(lost).toMatchObject([{ fault: 'protocol' }]);
    expect(lost[0]?.message).toMatch(/^octets came between the reply to STARTTLS and the handshake$/);
  });

  it('is not done if a reply that is not due comes with the end of the handshake', async () => {
    const port = await hostileServer((socket) =>
      play(socket, {
        // With TLS 1.3 the server learns that the handshake is done after the client.
        tls: { ...tls, maxVersion: 'TLSv1.2' },
        secured: (secure) => secure.write('250 x\r\n'),
      }),
    );
    const { channel, replies, lost } = channelTo(port, { tls: { verify: false } });
    await expect.poll(() => replies, soon).toEqual([220]);
    channel.sendCommands(['STARTTLS']);
    await expect.poll(() => replies, soon).toEqual([220, 220]);
    let done = 0;
    channel.secure(() => done++);
    await expect.poll(() => lost, soon).toMatchObject([{ fault: 'protocol', reply: { code: 250 } }]);
    // A turn later than it would be called.
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(done).toBe(0);
  });
});
