/** What the tests of npm's smtp-server itself ask of a server, in short: each was a difference before. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  SMTPServer,
  type SMTPServerAuthentication,
  type SMTPServerOptions,
  type SMTPServerSession,
} from '../../src/smtp-server/index.js';
import { expectNoTrouble } from '../server/harness.js';
import { Talk } from '../server/talk.js';

expectNoTrouble();

async function listening(options: SMTPServerOptions): Promise<number> {
  const server = new SMTPServer({ name: 'mx.example', disableReverseLookup: true, ...options });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  onTestFinished(() => new Promise((resolve) => server.close(resolve)));
  return (server.server.address() as AddressInfo).port;
}

describe('a client that', () => {
  it('speaks as soon as it is connected gets 421', async () => {
    const port = await listening({ disabledCommands: ['STARTTLS'] });
    const talk = await Talk.open(port);
    await talk.play('> EHLO x', '< 421 mx.example You talk too soon');
    expect(await talk.rest()).toBe('');
  });

  it('sends a line without end gets 421 when the line is too long', async () => {
    const talk = await Talk.greeted(await listening({ disabledCommands: ['STARTTLS'] }));
    talk.write('A'.repeat(17 * 1024));
    await talk.play('< 421 Error: Command line too long');
    expect(await talk.rest()).toBe('');
  });

  it.each(['NOTPROXY garbage\r\n', 'A'.repeat(1500), 'PROXY TCP4 1.2.3\r.4 127.0.0.1 1 2\r\n'])(
    'begins with no PROXY header learns so: %j',
    async (header) => {
      const talk = await Talk.open(await listening({ useProxy: true }));
      talk.write(header);
      expect(await talk.rest()).toBe('* BAD Invalid PROXY header\r\n');
    },
  );
});

describe('AUTH', () => {
  const heard: SMTPServerAuthentication[] = [];
  const options: SMTPServerOptions = {
    disabledCommands: ['STARTTLS'],
    authMethods: ['PLAIN', 'LOGIN', 'CRAM-MD5', 'XOAUTH2'],
    onAuth: (auth, _, callback) => {
      heard.push(auth);
      callback(null, { user: 'someone' });
    },
  };
  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  it('takes the identity to act for as the user if there is no other', async () => {
    const talk = await Talk.greeted(await listening(options));
    await talk.play('> EHLO x', '< 250', `> AUTH PLAIN ${base64('ada\0\0secret')}`, '< 235');
    expect(heard.pop()).toMatchObject({ username: 'ada', authcid: '', authzid: 'ada', password: 'secret' });
  });

  it('refuses a user with control characters, and does not ask the hook', async () => {
    const talk = await Talk.greeted(await listening(options));
    const refused = '< 501 Error: invalid userdata';
    await talk.play('> EHLO x', '< 250', `> AUTH PLAIN ${base64('\0ada\r\nReceived: x\0p')}`, refused);
    await talk.play('> AUTH LOGIN', '< 334', `> ${base64('ada\r\nReceived: x')}`, refused);
    await talk.play('> AUTH CRAM-MD5', '< 334', `> ${base64('a\x01 0123')}`, refused);
    await talk.play(`> AUTH XOAUTH2 ${base64('user=a\x02\x01auth=Bearer t\x01\x01')}`, refused);
    await talk.play(`> AUTH PLAIN ${base64('\0ada\0p')}`, '< 235');
    expect(heard.splice(0).map(({ username }) => username)).toEqual(['ada']);
  });
});

describe('XCLIENT', () => {
  it('says which attribute is wrong, and takes none of them', async () => {
    const sessions: SMTPServerSession[] = [];
    const port = await listening({
      useXClient: true,
      authOptional: true,
      onMailFrom: (_, session, callback) => {
        sessions.push({ ...session });
        callback();
      },
    });
    const talk = await Talk.greeted(port);
    const refused = '< 501 Error: Bad command parameter syntax';
    await talk.play('> XCLIENT ADDR=6.6.6.6 NAME=evil+0D+0Ainjected', `${refused}\r\n`.trimEnd());
    await talk.play('> XCLIENT NAME=proxied.example.com ADDR=no-address', `${refused}. Invalid address`);
    await talk.play('> XCLIENT NAME=a!b', `${refused}. Invalid hostname`, '> XCLIENT FOO=1', refused);
    await talk.play('> XCLIENT ADDR=198.51.100.22', '< 220', '> EHLO x', '< 250');
    await talk.play('> MAIL FROM:<a@x.example>', '< 250');
    expect(sessions[0]).toMatchObject({ remoteAddress: '198.51.100.22', clientHostname: '[198.51.100.22]' });
  });

  it('with LOGIN proves no user if onAuth answers with nothing', async () => {
    const port = await listening({ useXClient: true, disabledCommands: ['STARTTLS'] });
    const talk = await Talk.greeted(port);
    await talk.play('> XCLIENT ADDR=198.51.100.22 LOGIN=relayuser', '< 220', '> EHLO x', '< 250');
    await talk.play('> MAIL FROM:<a@x.example>', '< 530');
  });
});

describe('a server', () => {
  it('has the logger of its options, or one that is silent', () => {
    const own = { debug() {}, info() {}, warn() {}, error() {} };
    expect(new SMTPServer({ logger: own }).logger).toBe(own);
    expect(() => new SMTPServer(null).logger.info({}, 'not written')).not.toThrow();
  });

  it('serves a socket that another server accepted', async () => {
    const server = new SMTPServer({ name: 'mx.example', disabledCommands: ['STARTTLS'] });
    const other = createServer({ allowHalfOpen: true }, (socket) => server.connect(socket));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => new Promise((resolve) => server.close(() => other.close(() => resolve()))));
    const talk = await Talk.greeted((other.address() as AddressInfo).port);
    await talk.play('> NOOP', '< 250 OK', '> QUIT', '< 221');
  });
});

it('takes an underscore in the name of a client’s address', async () => {
  const names: string[] = [];
  const port = await listening({
    disableReverseLookup: false,
    resolver: { reverse: (_, callback) => callback(null, ['host_name.example.com.']) },
    onConnect: ({ clientHostname }, callback) => {
      names.push(clientHostname);
      callback();
    },
  });
  await Talk.greeted(port);
  expect(names).toEqual(['host_name.example.com']);
});

it('keeps the session of a client that renegotiates its TLS 1.2', async () => {
  const port = await listening({ secure: true, disabledCommands: ['AUTH'] });
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
  onTestFinished(() => void socket.destroy());
  const replies: string[] = [];
  socket.setEncoding('latin1').on('data', (text: string) => replies.push(text));
  const answered = async (count: number): Promise<void> => {
    while (replies.length < count) await once(socket, 'data');
  };
  await answered(1);
  socket.write('EHLO x\r\n');
  await answered(2);
  await new Promise<void>((resolve, reject) => {
    socket.renegotiate({ rejectUnauthorized: false }, (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  socket.write('MAIL FROM:<a@x.example>\r\n');
  await answered(3);
  expect(replies[2]).toBe('250 Accepted\r\n');
});
