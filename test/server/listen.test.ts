import { existsSync } from 'node:fs';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createServer } from '../../src/server/index.js';
import { scratch } from '../scratch.js';
import { expectNoTrouble, localhostCertificates, serve, until } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

describe('listen', () => {
  it('takes any number of ports, on either kind of address', async () => {
    const { server, port } = await serve();
    const second = await server.listen({ port: 0, host: '::1' });
    expect(second.host).toBe('::1');
    await Talk.greeted(port);
    const talk = await Talk.open(second.port, { host: '::1' });
    await talk.play('< 220');
    expect(await talk.say('EHLO x')).toContain('Nice to meet you, [::1]');
  });

  it.each(['127.0.0.1', '0.0.0.0', '::', '::1'])(
    'knows its own end of a connection, listening on %s',
    async (host) => {
      const ends: string[] = [];
      const { server } = await serve({
        onConnect: ({ localAddress, localPort }) => void ends.push(`${localAddress} ${localPort}`),
        onClose: ({ localAddress, localPort }) => void ends.push(`${localAddress} ${localPort}`),
      });
      const { port } = await server.listen({ port: 0, host });
      const to = host === '::1' ? host : '127.0.0.1';
      const talk = await Talk.open(port, { host: to });
      await talk.play('< 220', '> QUIT', '< 221');
      await until('it is over', () => ends.length === 2);
      expect(ends).toEqual([`${to} ${port}`, `${to} ${port}`]);
    },
  );

  it('takes a handle of Node, and a server that listens', async () => {
    for (const handleOf of [
      (from: object): object => (from as { _handle: object })._handle,
      (from: object): object => from,
    ]) {
      const from = createNetServer();
      await new Promise<void>((listening) => from.listen(0, '127.0.0.1', listening));
      const { port } = from.address() as AddressInfo;
      const { server } = await serve();
      expect(await server.listen({ handle: handleOf(from) })).toMatchObject({ port });
      await Talk.greeted(port);
    }
  });

  it("rejects with Node's error where the port is taken, and the server lives on", async () => {
    const { server, port } = await serve();
    await expect(server.listen({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await Talk.greeted(port);
  });

  it('rejects where the address is not of this machine', async () => {
    const server = createServer();
    onTestFinished(() => server.close(0));
    await expect(server.listen({ port: 0, host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
    });
  });

  it('wants a certificate for TLS, and TLS for what requires it', async () => {
    const server = createServer();
    await expect(server.listen({ port: 0, tls: 'implicit' })).rejects.toThrow(/needs certificates/);
    const secure = createServer({}, { certificates: await localhostCertificates() });
    await expect(secure.listen({ port: 0, tls: 'off', tlsRequired: true })).rejects.toThrow(/tlsRequired/);
  });

  it('keeps no port that it could not have', async () => {
    const blocker = createNetServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as { port: number };
    const { server } = await serve();
    await expect(server.listen({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await new Promise((resolve) => blocker.close(resolve));
    await expect(server.listen({ port })).resolves.toMatchObject({ port });
  });
});

describe('a port that requires TLS', () => {
  it('takes a hello, STARTTLS and QUIT before it, and nothing else (51, 76)', async () => {
    const { port } = await serve(
      { certificates: await localhostCertificates(), onAuth: (_, { authcid }) => authcid.expose() },
      { tls: 'starttls', tlsRequired: true },
    );
    const talk = await Talk.open(port);
    await talk.play('< 220');
    const hello = await talk.say('EHLO x');
    expect(hello).toContain('STARTTLS');
    expect(hello).not.toContain('AUTH');
    await talk.play(
      '> MAIL FROM:<>',
      '< 530 5.7.0',
      '> AUTH PLAIN AG1lAG1l',
      '< 538 5.7.11',
      '> NOOP',
      '< 250',
    );
    await talk.play('> STARTTLS', '< 220');
    await talk.secure();
    expect(await talk.say('EHLO x')).toContain('AUTH PLAIN LOGIN');
    expect(await talk.signIn('me')).toMatch(/^235/);
  });
});

it('listeners of one server may differ in what they ask for', async () => {
  const { server, port } = await serve({ onAuth: (_, { authcid }) => authcid.expose() });
  const open = await server.listen({ port: 0, authRequired: false });
  await (await Talk.greeted(port)).play('> MAIL FROM:<>', '< 530');
  await (await Talk.greeted(open.port)).play('> MAIL FROM:<>', '< 250');
});

describe('a Unix socket', () => {
  it('receives a message, and its file is gone after close', async () => {
    const path = join(await scratch(), 'smtp.sock');
    const content: string[] = [];
    const { server, closed } = await serve({
      onContent: () => ({
        write: (octets) => void content.push(Buffer.from(octets).toString()),
        end: () => undefined,
        abort: () => undefined,
      }),
    });
    await expect(server.listen({ path })).resolves.toMatchObject({ path });
    const talk = await Talk.open(0, { path });
    await talk.play('< 220', '> EHLO x', '< 250', '> MAIL FROM:<a@x.example>', '< 250');
    await talk.play(
      '> RCPT TO:<b@x.example>',
      '< 250',
      '> DATA',
      '< 354',
      '> Subject: s',
      '> ',
      '> .',
      '< 250',
    );
    await talk.play('> QUIT', '< 221');
    expect(content.join('')).toContain('Subject: s');
    await until('it is over', () => closed.length === 1);
    await server.close(0);
    expect(existsSync(path)).toBe(false);
  });
});
