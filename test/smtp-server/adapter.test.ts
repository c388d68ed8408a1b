// What the replacement for npm's smtp-server does in its own way, beside what `program.test.ts` compares.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Writable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import smtpServer, {
  SMTPServer,
  type SMTPServerDataStream,
  type SMTPServerOptions,
} from '../../src/smtp-server/index.js';
import { testCertificates } from '../certs.js';
import { scratch } from '../scratch.js';
import { expectNoTrouble, takeTrouble, until } from '../server/harness.js';
import { Talk } from '../server/talk.js';

expectNoTrouble();

const OPEN: SMTPServerOptions = {
  name: 'mx.example',
  disabledCommands: ['AUTH'],
  disableReverseLookup: true,
};
const ENVELOPE = ['> MAIL FROM:<a@x.example>', '< 250', '> RCPT TO:<b@y.example>', '< 250'] as const;
const token = (user: string, password: string): string =>
  Buffer.from(`\0${user}\0${password}`).toString('base64');

async function listening(options: SMTPServerOptions): Promise<{ server: SMTPServer; port: number }> {
  const server = new SMTPServer(options);
  return { server, port: await listen(server) };
}

async function listen(server: SMTPServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  onTestFinished(() => close(server));
  return (server.server.address() as AddressInfo).port;
}

function close(server: SMTPServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(resolve);
  });
}

async function talkTo(options: SMTPServerOptions): Promise<Talk> {
  const { port } = await listening({ ...OPEN, ...options });
  return Talk.greeted(port);
}

it('has the class as the default export, too', () => {
  expect(smtpServer.SMTPServer).toBe(SMTPServer);
});

it.each([
  ['My Server', 'My-Server'],
  ['mx.example:25', 'mx.example-25'],
  ['[192.0.2.1]', '[192.0.2.1]'],
])('greets by the name %j as %s, since a greeting begins with a host name', async (name, greeted) => {
  const { port } = await listening({ ...OPEN, name });
  const talk = await Talk.open(port);
  await talk.play(`< 220 ${greeted} ESMTP`);
  expect(await talk.say('EHLO x')).toContain(`250-${name} Nice to meet you`);
});

describe('a hook', () => {
  it('never says yes by an error, whatever code that has', async () => {
    const codes = [250, 354, 999, 0, '550'];
    const talk = await talkTo({
      onMailFrom: (_, __, callback) => {
        callback(Object.assign(new Error('no'), { responseCode: codes.shift() as number }));
      },
    });
    for (let i = 0; i < 5; i++) await talk.play('> MAIL FROM:<a@x.example>', '< 550 no');
    await talk.play('> RCPT TO:<b@y.example>', '< 503');
  });

  it('that throws or rejects gets 451, and the text of its error stays here', async () => {
    const errors: unknown[] = [];
    const talk = await talkTo({
      logger: { debug: () => 0, info: () => 0, warn: () => 0, error: (...line) => errors.push(line[2]) },
      onMailFrom: () => {
        throw new Error('secret');
      },
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- a mistake that users make
      onConnect: async (_, callback) => {
        callback();
        await Promise.resolve();
      },
    });
    await talk.play('> MAIL FROM:<a@x.example>', '< 451 Error: internal server error');
    expect(errors).toEqual(['secret']);
  });

  it('that is an async function and rejects gets 451', async () => {
    const talk = await talkTo({
      // eslint-disable-next-line @typescript-eslint/no-misused-promises -- a mistake that users make
      onRcptTo: async () => {
        await Promise.resolve();
        throw new Error('secret');
      },
    });
    await talk.play('> MAIL FROM:<a@x.example>', '< 250', '> RCPT TO:<b@y.example>', '< 451 Error: internal');
  });

  it('is heard once, however often it calls back', async () => {
    const talk = await talkTo({
      onMailFrom: (_, __, callback) => {
        callback();
        callback(new Error('too late'));
      },
    });
    await talk.play(...ENVELOPE, '> NOOP', '< 250 OK');
  });

  it('has the server as its this', async () => {
    const seen: unknown[] = [];
    const { server, port } = await listening({
      ...OPEN,
      onConnect(this: unknown, _: unknown, callback: () => void) {
        seen.push(this);
        callback();
      },
    });
    await Talk.greeted(port);
    expect(seen).toEqual([server]);
  });

  it('with a name that there is not causes a warning', () => {
    new SMTPServer({ ...OPEN, onAuht: () => undefined } as SMTPServerOptions);
    return until('there is a warning', () =>
      takeTrouble().some((one) => String(one).includes('did you mean onAuth?')),
    );
  });

  it('that refuses TLS after STARTTLS ends the connection', async () => {
    const talk = await talkTo({ onSecure: (_, __, callback) => callback(new Error('not like this')) });
    await talk.play('> STARTTLS', '< 220');
    await talk.secure();
    await talk.play('> EHLO x', '< 554 not like this');
    expect(await talk.rest()).toBe('');
  });
});

describe('the stream of a message', () => {
  it('fails if the client goes in the middle, and does not end', async () => {
    const recorded: string[] = [];
    const { port } = await listening({
      ...OPEN,
      onData: (stream) => {
        const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
        pipeline(stream, sink).then(
          () => recorded.push('ended'),
          (error: unknown) => recorded.push(String(error)),
        );
      },
    });
    const talk = await Talk.greeted(port);
    await talk.play(...ENVELOPE, '> DATA', '< 354', '> half of it');
    talk.socket.destroy();
    await until('it has failed', () => recorded.length > 0);
    expect(recorded).toEqual(['Error: Connection closed before the message was received in full']);
  });

  it('that no one hears fails without an uncaught error', async () => {
    const streams: SMTPServerDataStream[] = [];
    const { port } = await listening({ ...OPEN, onData: (stream) => void streams.push(stream.resume()) });
    const talk = await Talk.greeted(port);
    await talk.play(...ENVELOPE, '> DATA', '< 354', '> half of it');
    talk.socket.destroy();
    await until('it is closed', () => streams[0]?.destroyed === true);
    expect(streams[0]?.readableEnded).toBe(false);
  });

  it('may be left unread by a hook that has answered', async () => {
    const talk = await talkTo({ onData: (_, __, callback) => callback(null, 'early') });
    await talk.play(...ENVELOPE, '> DATA', '< 354');
    talk.socket.write(`${'x'.repeat(998)}\r\n`.repeat(300));
    await talk.play('> .', '< 250 early', '> NOOP', '< 250');
  });

  it('may be destroyed by its reader: the rest is dropped', async () => {
    const talk = await talkTo({
      onData: (stream, _, callback) => {
        stream.once('data', () => {
          stream.destroy();
          callback(Object.assign(new Error('enough'), { responseCode: 552 }));
        });
      },
    });
    await talk.play(...ENVELOPE, '> DATA', '< 354');
    talk.socket.write(`${'x'.repeat(998)}\r\n`.repeat(300));
    await talk.play('> .', '< 552 enough', '> NOOP', '< 250');
  });

  it('holds a client back while its reader is busy', async () => {
    let go: (() => void) | undefined;
    let stream: SMTPServerDataStream | undefined;
    const talk = await talkTo({
      onData: (given, _, callback) => {
        stream = given;
        go = () => {
          given.resume();
          given.on('end', () => callback());
        };
      },
    });
    await talk.play(...ENVELOPE, '> DATA', '< 354');
    talk.socket.write(`${'x'.repeat(998)}\r\n`.repeat(8000));
    await until('something came', () => (stream?.byteLength ?? 0) > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(stream?.byteLength).toBeLessThan(1_000_000);
    go?.();
    await talk.play('> .', '< 250');
    expect(stream?.byteLength).toBe(8_000_000);
  });

  it('is refused with bare line ends, unless the engine is to mend them', async () => {
    const got: string[] = [];
    const onData: SMTPServerOptions['onData'] = (stream, _, callback) => {
      stream.setEncoding('utf8').on('data', (text: string) => got.push(text));
      stream.on('end', () => callback());
    };
    const strict = await talkTo({ onData });
    await strict.play(...ENVELOPE, '> DATA', '< 354');
    strict.socket.write('a\nb\r\n.\r\n');
    await strict.play('< 550 Bare LF');
    const lax = await talkTo({ onData, postern: { bareNewlines: 'normalize' } });
    await lax.play(...ENVELOPE, '> DATA', '< 354');
    lax.socket.write('a\nb\r\n.\r\n');
    await lax.play('< 250');
    expect(got.at(-1)).toBe('a\r\nb\r\n');
  });

  it('has one result for a recipient of LMTP that came twice, and a reply each time', async () => {
    const { port } = await listening({
      ...OPEN,
      lmtp: true,
      onData: (stream, _, callback) => {
        stream.resume().on('end', () => callback(null, ['first', new Error('second')]));
      },
    });
    const talk = await Talk.open(port);
    await talk.play('< 220', '> LHLO x', '< 250', ...ENVELOPE, '> RCPT TO:<c@y.example>', '< 250');
    await talk.play('> RCPT TO:<B@Y.example>', '< 250', '> DATA', '< 354', '> x', '> .');
    await talk.play('< 250 first', '< 450 second', '< 250 first');
  });
});

describe('AUTH', () => {
  const onAuth: SMTPServerOptions['onAuth'] = (auth, _, callback) => {
    if (auth.password === 'right') callback(null, { user: 1 });
    else callback(null, {});
  };

  it('is given up after three failures, unless the engine allows more', async () => {
    const options = { ...OPEN, disabledCommands: ['STARTTLS'], onAuth };
    const wrong = ['> AUTH PLAIN ' + token('a', 'wrong'), '< 535'];
    const { port } = await listening({ ...options, postern: { admission: { authDelay: 0 } } });
    const talk = await Talk.greeted(port);
    await talk.play(...wrong, ...wrong, '> AUTH PLAIN ' + token('a', 'wrong'), '< 421');
    expect(await talk.rest()).toBe('');
    const many = await listening({
      ...options,
      postern: { admission: { authDelay: 0, authFailures: Infinity, authFailuresPerAddress: Infinity } },
    });
    const other = await Talk.greeted(many.port);
    for (let i = 0; i < 6; i++) await other.play(...wrong);
    await other.play('> AUTH PLAIN ' + token('a', 'right'), '< 235', '> MAIL FROM:<a@x.example>', '< 250');
  });

  it('takes a mechanism of the embedder’s own', async () => {
    const { port } = await listening({
      ...OPEN,
      disabledCommands: ['STARTTLS'],
      authMethods: ['X-BADGE'],
      postern: {
        mechanisms: [
          {
            name: 'X-BADGE',
            begin: () => ({
              start: (initial) =>
                ({ kind: 'credentials', credentials: { mechanism: 'X-BADGE', badge: initial } }) as never,
              respond: () => ({ kind: 'disproof' }),
            }),
          },
        ],
      },
      onAuth: ({ method, credentials }, _, callback) => {
        const { badge } = credentials as { badge: string };
        callback(null, badge === 'gold' ? { user: method } : {});
      },
    });
    const talk = await Talk.open(port);
    await talk.play('< 220');
    expect(await talk.say('EHLO x')).toContain('AUTH X-BADGE');
    await talk.play(`> AUTH X-BADGE ${Buffer.from('tin').toString('base64')}`, '< 535');
    await talk.play(`> AUTH X-BADGE ${Buffer.from('gold').toString('base64')}`, '< 235');
  });

  it('of a client whose TLS has begun anew is forgotten', async () => {
    const { port } = await listening({ ...OPEN, disabledCommands: [], allowInsecureAuth: true, onAuth });
    const talk = await Talk.greeted(port);
    await talk.play(`> AUTH PLAIN ${token('a', 'right')}`, '< 235', '> STARTTLS', '< 220');
    await talk.secure();
    await talk.play('> EHLO x', '< 250', '> MAIL FROM:<a@x.example>', '< 530');
  });
});

describe('a server', () => {
  it('can listen again after it was closed, and calls back for each close', async () => {
    const server = new SMTPServer(OPEN);
    let closed = 0;
    server.on('close', () => closed++);
    await close(server);
    for (let i = 0; i < 2; i++) {
      const talk = await Talk.greeted(await listen(server));
      const stopped = Promise.all([close(server), close(server)]);
      await talk.play('< 421');
      expect(await talk.rest()).toBe('');
      await stopped;
    }
    expect(closed).toBe(2);
    expect(server.connections.size).toBe(0);
  });

  it('lets a transaction in hand end when it is closed', async () => {
    const { server, port } = await listening(OPEN);
    const talk = await Talk.greeted(port);
    await talk.play('> MAIL FROM:<a@x.example>', '< 250');
    const stopped = close(server);
    await talk.play('> RCPT TO:<b@y.example>', '< 250', '> DATA', '< 354', '> x', '> .', '< 250', '< 421');
    expect(await talk.rest()).toBe('');
    await stopped;
  });

  it('emits an error of its listener', async () => {
    const { port } = await listening(OPEN);
    const second = new SMTPServer(OPEN);
    second.listen(port, '127.0.0.1');
    const [error] = (await once(second, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('EADDRINUSE');
    await close(second);
  });

  it('emits an error of a handshake, and lives on if no one listens', async () => {
    const errors: Error[] = [];
    for (const heard of [true, false]) {
      const { server, port } = await listening({ ...OPEN, secure: true });
      if (heard) server.on('error', (error) => errors.push(error));
      const talk = await Talk.open(port);
      talk.socket.write('EHLO x\r\n');
      expect(await talk.rest()).toBe('');
    }
    expect(errors.length).toBe(1);
  });

  it('has a certificate for localhost without options, and no key that others know', async () => {
    const { server, port } = await listening({ ...OPEN, secure: true });
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const certificate = socket.getPeerX509Certificate() as X509Certificate;
    socket.destroy();
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now());
    expect(server.secureContext.has('default')).toBe(true);
  });

  it('keeps its certificate if the new one is bad', async () => {
    const { cert, key } = await testCertificates();
    const { server, port } = await listening({
      ...OPEN,
      secure: true,
      cert: readFileSync(cert),
      key: readFileSync(key),
    });
    expect(() => server.updateSecureContext({ cert: 'no certificate' })).toThrow();
    await Talk.greeted(port, { tls: true });
  });

  it('needs a client certificate if its options say so', async () => {
    const { ca, cert, key, clientCert, clientKey } = await testCertificates();
    const { port } = await listening({
      ...OPEN,
      cert: readFileSync(cert),
      key: readFileSync(key),
      ca: readFileSync(ca),
      requestCert: true,
    });
    const without = await Talk.greeted(port);
    await without.play('> STARTTLS', '< 220');
    await without.secure();
    await without.play('> EHLO x', '< 554 A client certificate is required');
    expect(await without.rest()).toBe('');
    const talk = await Talk.greeted(port);
    await talk.play('> STARTTLS', '< 220');
    await talk.secure({ cert: readFileSync(clientCert), key: readFileSync(clientKey) });
    await talk.play('> EHLO x', '< 250');
  });

  it('listens on a Unix socket, without TLS', async () => {
    const path = join(await scratch(), 'smtp.sock');
    const server = new SMTPServer(OPEN);
    onTestFinished(() => close(server));
    server.listen(path);
    await once(server.server, 'listening');
    const talk = await Talk.open(0, { path });
    await talk.play('< 220', '> EHLO x', '< 250', '> STARTTLS', '< 502', ...ENVELOPE);
  });

  it('refuses options of the engine that there are not', () => {
    const server = new SMTPServer({ ...OPEN, postern: { limits: { messagesize: 1 } } as never });
    expect(() => server.listen(0)).toThrow('messagesize');
  });
});
