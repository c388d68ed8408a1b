// `connect` of postern/client against the server of postern.
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ClientMessage, connect, ConnectionError, ReplyError, Secret } from '../../src/client/index.js';
import { Reply } from '../../src/index.js';
import { testCertificates } from '../certs.js';
import { scratch } from '../scratch.js';
import { hostileServer } from './hostile-server.js';
import { play } from './scripted-server.js';
import { localhostCertificates, serve, type ServeOptions, until } from '../server/harness.js';
import type { ListenOptions } from '../../src/index.js';

interface Got {
  readonly mail: string[];
  readonly content: string[];
}

async function receiver(options: ServeOptions = {}, listen: Partial<ListenOptions> = {}) {
  const got: Got = { mail: [], content: [] };
  const running = await serve(
    {
      onMail: (_, path, { size, body, smtputf8 }) =>
        void got.mail.push([path?.address ?? '<>', size, body, smtputf8].join(' ').trim()),
      async onData(_, body) {
        const pieces: Uint8Array[] = [];
        for await (const octets of body) pieces.push(Uint8Array.from(octets));
        got.content.push(Buffer.concat(pieces).toString());
      },
      ...options,
    },
    listen,
  );
  return { ...running, got };
}

const message: ClientMessage = { from: 'a@x.example', to: ['b@y.example'], content: 'Hello!\r\n' };

describe('a message that is none', () => {
  it.each([
    [{ from: 'a@x.example', to: ['b@y.example'] }, 'send: content is missing'],
    [{ to: ['b@y.example'], content: '' }, 'send: from is missing'],
    [{ from: null, content: '' }, 'send: to is missing'],
    [{ from: null, to: [], content: '' }, 'to: expected at least one recipient'],
    [{ from: null, to: 'b@y.example', content: '' }, 'send: to: expected a list of texts'],
    [{ from: 5, to: ['b@y.example'], content: '' }, 'send: from: expected an address, or null for <>'],
    [
      { from: null, to: ['b@y.example'], content: 5 },
      'send: content: expected text, octets or an async iterable',
    ],
    [
      { from: null, to: ['b@y.example'], content: null },
      'send: content: expected text, octets or an async iterable of octets',
    ],
    [
      { from: null, to: ['b@y.example'], contents: '' },
      'send: there is no option contents; did you mean content?',
    ],
    [undefined, 'send: expected an object'],
  ])('%j is refused, and the connection can be used', async (wrong, words) => {
    const { port, got } = await receiver();
    const client = await connect({ port });
    await expect(client.send(wrong as never)).rejects.toThrow(words);
    await client.send(message);
    await client.quit();
    expect(got.content).toEqual(['Hello!\r\n']);
  });
});

describe('a client', () => {
  it('connects to port 25, and to 465 if TLS comes first', async () => {
    // The look-up fails, so nothing is connected to.
    const nowhere = { host: 'mx.example', addresses: [] };
    await expect(connect(nowhere)).rejects.toThrow('no connection to mx.example port 25:');
    await expect(connect({ ...nowhere, implicitTls: true })).rejects.toThrow('mx.example port 465:');
  });

  it('sends text, octets and streams over one connection, and says QUIT', async () => {
    const { port, got, closed } = await receiver();
    const client = await connect({ port });
    expect(client.tls).toBeNull();
    expect(client.extensions.has('PIPELINING')).toBe(true);
    await client.send({ ...message, content: '.dot\nlone\rcr' });
    await client.send({ ...message, from: null, content: Buffer.from('octets\r\n'), parameters: ['SIZE=8'] });
    async function* pieces() {
      yield Buffer.from('a ');
      yield Buffer.from('stream');
    }
    const { reply, accepted, refused } = await client.send({ ...message, content: pieces() });
    expect([reply.code, accepted, refused]).toEqual([250, ['b@y.example'], []]);
    await client.quit();
    expect(closed).toEqual(['quit']);
    expect(got.content).toEqual(['.dot\r\nlone\r\ncr\r\n', 'octets\r\n', 'a stream\r\n']);
    expect(got.mail).toEqual(['a@x.example', '<> 8', 'a@x.example']);
  });

  it('says what a message needs: BODY=8BITMIME and SMTPUTF8', async () => {
    const { port, got } = await receiver();
    const client = await connect({ port });
    await client.send({ ...message, to: ['ü@y.example'], content: 'Grüße' });
    expect(got.mail).toEqual(['a@x.example  8BITMIME true']);
    await client.send({ ...message, from: 'ü@x.example', content: 'plain \x7f' });
    expect(got.mail[1]).toBe('ü@x.example   true');
    await client.send({ ...message, from: 'ü@x.example', parameters: ['smtputf8', 'body=7bit'] });
    expect(got.mail[2]).toBe('ü@x.example  7BIT true');
    client.destroy();
  });

  it('does not say what the server does not know', async () => {
    const heard: string[] = [];
    const port = await hostileServer((socket) => play(socket, { heard: (line) => heard.push(line) }));
    const client = await connect({ port });
    await client.send({ ...message, content: 'Grüße' });
    expect(heard).toContain('MAIL FROM:<a@x.example>');
    const refusal: unknown = await client
      .send({ ...message, to: ['ü@y.example'] })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ keyword: 'SMTPUTF8', message: 'the server offers no SMTPUTF8' });
    client.destroy();
  });

  it('says what a message needs beside a parameter with a similar name, and nothing twice', async () => {
    const heard: string[] = [];
    const replies = { EHLO: '250-x\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n' };
    const port = await hostileServer((socket) =>
      play(socket, { replies, heard: (line) => heard.push(line) }),
    );
    const client = await connect({ port });
    for (const parameter of ['XBODY=1', 'body=8bitmime']) {
      await client.send({ ...message, content: 'Grüße', parameters: [parameter] });
    }
    for (const parameter of ['XSMTPUTF8', 'SMTPUTF8X', 'smtputf8']) {
      await client.send({ ...message, to: ['ü@y.example'], parameters: [parameter] });
    }
    const mail = heard.flatMap((line) => (line.startsWith('MAIL') ? [line.split('> ')[1]] : []));
    expect(mail).toEqual([
      'XBODY=1 BODY=8BITMIME',
      'body=8bitmime',
      'XSMTPUTF8 SMTPUTF8',
      'SMTPUTF8X SMTPUTF8',
      'smtputf8',
    ]);
    client.destroy();
  });

  it('closes the connection at once if it is destroyed', async () => {
    const { port, closed } = await receiver();
    const client = await connect({ port });
    client.destroy();
    await until('the end of the connection', () => closed.length > 0);
    expect(closed).toEqual(['peer']);
  });

  it('names the recipients that were refused, and rejects if all were', async () => {
    const onRcpt: ServeOptions['onRcpt'] = (_, { address }) =>
      address.startsWith('no') ? new Reply(550, '5.1.1', `no ${address}`) : undefined;
    const { port, got } = await receiver({ onRcpt });
    const client = await connect({ port });
    const result = await client.send({ ...message, to: ['no1@y.example', 'b@y.example'] });
    expect(result.accepted).toEqual(['b@y.example']);
    expect(result.refused.map(({ recipient, reply }) => `${recipient}: ${String(reply)}`)).toEqual([
      'no1@y.example: 550 5.1.1 no no1@y.example',
    ]);
    await expect(client.send({ ...message, to: ['no2@y.example'] })).rejects.toThrow(
      'RCPT was refused: 550 5.1.1 no no2@y.example',
    );
    await client.send(message);
    expect(got.content).toHaveLength(2);
    client.destroy();
  });

  it('rejects if the message is refused', async () => {
    const { port } = await receiver({ onData: () => new Reply(554, '5.7.1', 'spam') });
    const client = await connect({ port });
    const refusal: unknown = await client.send(message).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ReplyError);
    expect(String(refusal)).toContain('the message was refused: 554 5.7.1 spam');
    client.destroy();
  });

  it('rejects with ConnectionError if the connection is lost', async () => {
    const { port } = await receiver({ onMail: (session) => session.disconnect() });
    const client = await connect({ port });
    await expect(client.send(message)).rejects.toThrow(ConnectionError);
    await expect(connect({ port: 1 })).rejects.toThrow('no connection to 127.0.0.1 port 1');
  });

  it('rejects what cannot be said in a command', async () => {
    const { port } = await receiver();
    const client = await connect({ port });
    await expect(client.send({ ...message, to: [] })).rejects.toThrow('expected at least one recipient');
    await expect(client.send({ ...message, from: 'a>\r\nQUIT' })).rejects.toThrow('not a valid SMTP path');
    await expect(client.send({ ...message, parameters: ['A\r\nQUIT'] })).rejects.toThrow('not a parameter');
    await client.send(message);
    client.destroy();
  });

  it('uses STARTTLS and AUTH, and its password shows nowhere', async () => {
    const onAuth: ServeOptions['onAuth'] = (_, { password }) =>
      password.expose() === 'pass word' ? 'me' : new Reply(535, '5.7.8', `no: ${password.expose()}`);
    const certificates = await localhostCertificates();
    const { port } = await receiver({ onAuth, certificates });
    const { ca } = await testCertificates();
    const { readFileSync } = await import('node:fs');
    const options = { host: 'localhost', port, startTls: true, tls: { ca: readFileSync(ca) } };
    const client = await connect({
      ...options,
      credentials: { user: 'me', password: new Secret('pass word') },
    });
    expect(client.tls).toMatch(/^TLSv1\.3 /);
    await client.send(message);
    client.destroy();
    const wrong = connect({ ...options, credentials: { user: 'me', password: new Secret('another') } });
    await expect(wrong).rejects.toThrow('AUTH was refused: 535 5.7.8 no: [secret]');
  });

  it('speaks LMTP over a Unix socket', async () => {
    const path = join(await scratch(), 'lmtp');
    const { server } = await receiver({
      onData: () => [new Reply(250, '2.0.0', 'one'), new Reply(452, '4.2.2', 'two')],
    });
    onTestFinished(() => server.close(0));
    await server.listen({ path, lmtp: true });
    const client = await connect({ path, lmtp: true });
    const { accepted, refused } = await client.send({ ...message, to: ['b@y.example', 'c@y.example'] });
    expect(accepted).toEqual(['b@y.example']);
    expect(refused).toMatchObject([{ recipient: 'c@y.example', reply: { code: 452 } }]);
    client.destroy();
  });
});
