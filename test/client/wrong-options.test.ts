// What `connect` is given by a program without types: nothing misspelt is passed over, since TLS could be left out.
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, Secret } from '../../src/client/index.js';
import { play } from './scripted-server.js';

/** A plain server that keeps what it hears. */
async function listening(): Promise<{ port: number; heard: string[] }> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    heard.push('connection');
    play(socket, { heard: (line) => heard.push(line) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, heard };
}

const password = new Secret('s3same');
const times = { connect: 9000, greeting: 9000, command: 9000, end: 9000 };
const startTls = "connect: startTls: expected true, false or 'optional', got ";
const hello = 'connect: hello: expected a domain or an address literal, got ';
const milliseconds = 'expected milliseconds, more than 0, got ';

describe('connect', () => {
  it.each([
    [{ startTLS: true }, 'connect: there is no option startTLS; did you mean startTls?'],
    [{ starttls: true }, 'connect: there is no option starttls; did you mean startTls?'],
    [{ implicitTLS: true }, 'connect: there is no option implicitTLS; did you mean implicitTls?'],
    [{ secure: true }, 'connect: there is no option secure; did you mean implicitTls?'],
    [{ startTls: 'required' }, `${startTls}"required"`],
    [{ startTls: 'true' }, `${startTls}"true"`],
    [{ implicitTls: 'true' }, 'connect: implicitTls: expected true or false, got "true"'],
    [{ implicitTls: true, startTls: true }, 'connect: startTls cannot be had with implicitTls'],
    [{ implicitTls: true, startTls: 'optional' }, 'connect: startTls cannot be had with implicitTls'],
    [{ tls: { verfy: false } }, 'connect: tls: there is no option verfy; did you mean verify?'],
    [{ tls: { verify: 0 } }, 'connect: tls: verify: expected true or false, got 0'],
    [{ tls: { ca: 5 } }, 'connect: tls: ca: expected text or octets, got 5'],
    [{ tls: true }, 'connect: tls: expected an object, got a boolean'],
    [{ hello: 'a\r\nRSET' }, `${hello}"a\\r\\nRSET"`],
    [{ hello: 'a\n' }, hello],
    [{ hello: 'a b' }, hello],
    [{ hello: 'a\0' }, hello],
    [{ hello: '' }, hello],
    [{ hello: 5 }, `${hello}5`],
    [{ timeout: '5s' }, `connect: timeout: ${milliseconds}"5s"`],
    [{ timeout: 0 }, `connect: timeout: ${milliseconds}0`],
    [{ timeouts: { ...times, end: 0 } }, `connect: timeouts: end: ${milliseconds}0`],
    [{ messageTimeout: 0 }, `connect: messageTimeout: ${milliseconds}0`],
    [{ tls: { ca: 'PEM' } }, 'connect: tls needs startTls: true, or implicitTls: true'],
    [
      { tls: { verify: true }, implicitTls: false },
      'connect: tls needs startTls: true, or implicitTls: true',
    ],
    [{ path: '/tmp/x', addresses: ['127.0.0.1'] }, 'connect: addresses cannot be had with path'],
    [{ addresses: ['localhost'] }, 'connect: addresses: expected a list of IP addresses, got a list of 1'],
    [{ requireTLS: true }, 'connect: there is no option requireTLS; did you mean startTls?'],
    [{ auth: {} }, 'connect: there is no option auth; did you mean credentials?'],
    [{ connectionTimeout: 1 }, 'connect: there is no option connectionTimeout; did you mean timeout?'],
    [{ timeout: -1 }, `connect: timeout: ${milliseconds}-1`],
    [{ timeout: NaN }, `connect: timeout: ${milliseconds}NaN`],
    [{ timeouts: { connect: 5 } }, 'connect: timeouts: greeting is missing'],
    [{ timeouts: { ...times, end: '9s' } }, `connect: timeouts: end: ${milliseconds}"9s"`],
    [{ required: 'SIZE' }, 'connect: required: expected a list of texts, got "SIZE"'],
    [{ port: '25' }, 'connect: port: expected a whole number from 1 to 65535, got "25"'],
    [{ signal: new AbortController() }, 'connect: signal: expected an AbortSignal, got'],
    [{ transcript: {} }, 'connect: transcript: expected an object with sent, received, secured'],
    [{ messages: 0 }, 'connect: messages: expected a number, 1 or more, got 0'],
    [{ messages: '5' }, 'connect: messages: expected a number, 1 or more, got "5"'],
    [
      { addresses: [{ toString: (): string => '127.0.0.1' }] },
      'connect: addresses: expected a list of IP addresses',
    ],
    [
      { credentials: { user: 'me', pasword: password } },
      'there is no option pasword; did you mean password?',
    ],
    [{ credentials: { user: 'me' } }, 'connect: credentials: password is missing'],
    [{ credentials: { password } }, 'connect: credentials: user is missing'],
    [{ credentials: { user: 5, password } }, 'connect: credentials: user: expected text, got 5'],
    [{ credentials: { user: 'me', password, mechanism: 'plain' } }, "mechanism: expected one of 'PLAIN'"],
  ])('refuses %j before it connects', async (wrong, words) => {
    const { port, heard } = await listening();
    const attempt = connect({ port, ...(wrong as object) });
    await expect(attempt).rejects.toThrow(TypeError);
    await expect(attempt).rejects.toThrow(words);
    expect(heard).toEqual([]);
  });

  it.each([
    [{ user: 'me', password: 's3same' }, "password: expected new Secret('...'), got a string"],
    [{ user: 'me', password: new Secret(undefined as never) }, 'got a object'],
    ['me:s3same', 'connect: credentials: expected an object, got a string'],
  ])('refuses credentials %# that are none, and does not show them', async (credentials, words) => {
    const { message } = (await connect({ credentials: credentials as never }).catch(
      (e: unknown) => e as Error,
    )) as Error;
    expect(message).toContain(words);
    expect(message).not.toContain('s3same');
  });

  it.each([
    {},
    { startTls: 'optional' },
    { startTls: false, implicitTls: false },
    { host: '127.0.0.1.example' },
    { allowInsecureAuth: false },
  ] as const)('refuses to send a password to another machine in the clear: %j', async (options) => {
    const { port, heard } = await listening();
    // Nothing but the name of the host says where it is.
    const there = { host: 'mx.example', addresses: ['127.0.0.1'], port };
    const words =
      /^connect: the password may go to .* in the clear: give startTls: true, implicitTls: true or allow/;
    const credentials = { user: 'me', password };
    await expect(connect({ ...there, ...options, credentials })).rejects.toThrow(words);
    expect(heard).toEqual([]);
    await expect(connect({ ...there, credentials, startTls: true })).rejects.toThrow('offers no STARTTLS');
    for (const right of [{ allowInsecureAuth: true }, { host: 'LOCALHOST' }, { host: '127.0.0.1' }]) {
      await (await connect({ ...there, ...right, credentials })).quit();
    }
  });

  it('passes a password and terms on if TLS comes first, or if the server is on this machine', async () => {
    const { port } = await listening();
    const there = { host: 'mx.example', credentials: { user: 'me', password } };
    const first = {
      implicitTls: true,
      startTls: false,
      tls: { verify: false },
      addresses: ['127.0.0.1'],
      port,
    };
    await expect(connect({ ...there, ...first })).rejects.toMatchObject({ fault: 'tls' });
    const alone = { port, implicitTls: true, tls: { verify: false } };
    await expect(connect(alone)).rejects.toMatchObject({ fault: 'tls' });
    await expect(connect({ ...there, path: '/nowhere/socket' })).rejects.toMatchObject({ fault: 'connect' });
  });

  it('refuses what is no object', async () => {
    await expect(connect(null as never)).rejects.toThrow('connect: expected an object of options, got null');
  });

  it.each([
    { startTls: false, implicitTls: false },
    { startTls: 'optional', implicitTls: false, tls: { verify: false } },
    { startTls: 'optional', tls: { verify: false, ca: undefined, sessions: { last: null } } },
    { startTls: false, tls: { ca: 'PEM' }, timeouts: times },
    { hello: 'mx_1.example' },
    { hello: '[192.0.2.1]' },
    { hello: '[IPv6:2001:db8::1]' },
    { timeout: 9000, messages: 1, messageTimeout: 9000 },
    { required: ['PIPELINING'], lmtp: true, signal: new AbortController().signal },
    { addresses: ['127.0.0.1'], host: 'mx.example', onCut: undefined },
    { transcript: { sent: () => undefined, received: () => undefined, secured: () => undefined } },
    { credentials: { user: new Secret('me'), password, mechanism: 'PLAIN' } },
    { credentials: { user: 'me', password } },
  ] as const)('accepts %j', async (right) => {
    const { port, heard } = await listening();
    const client = await connect({ port, ...right });
    await client.quit();
    const name = 'hello' in right ? right.hello : 'localhost';
    expect(heard[1]).toBe(`${'lmtp' in right ? 'LHLO' : 'EHLO'} ${name}`);
  });
});
