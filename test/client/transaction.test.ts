/** Replies that come at unusual times, or that RFC 5321, RFC 3030 and RFC 2033 leave to the client. */
import { readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { Connection, type ConnectionOptions, Shared } from '../../src/client/parts.js';
import { testCertificates } from '../certs.js';
import { hostileServer } from './hostile-server.js';
import { chunkOf, play, type Script } from './scripted-server.js';

const shared = new Shared(10);
const certificates = await testCertificates();
const tls = { cert: readFileSync(certificates.cert), key: readFileSync(certificates.key) };
const CONTENT = Buffer.from('Subject: x\r\n\r\nhello\r\n');

/** Opens a connection to a server that replies as the script says, and closes it after the test. */
async function opened(script: Script, options: Partial<ConnectionOptions> = {}): Promise<Connection> {
  const port = await hostileServer((socket) => play(socket, script));
  const connection = await Connection.open(
    { host: '127.0.0.1', port, timeout: 20_000, messages: 100, messageTimeout: 60_000, ...options },
    shared,
  );
  onTestFinished(() => connection.destroy());
  return connection;
}

const ENVELOPE = {
  mail: 'MAIL FROM:<a@example.com>',
  recipients: ['RCPT TO:<b@example.net>', 'RCPT TO:<c@example.net>'],
} as const;

it('closes the connection if RSET is refused, because the server may still have a transaction open', async () => {
  for (const reply of ['500 what\r\n', '451 later\r\n', '421 bye\r\n']) {
    const connection = await opened({ replies: { BDAT: '452 no\r\n', RSET: reply } });
    const { recipients } = await connection.send({ ...ENVELOPE, content: chunkOf(CONTENT) });
    expect(recipients.map(({ reply: verdict }) => verdict?.code)).toEqual([452, 452]);
    expect([reply, connection.usable]).toEqual([reply, false]);
  }
});

it('takes the reply to BDAT though the source of the content has not said yet that it has ended', async () => {
  async function* pieces() {
    yield CONTENT.subarray(0, 5);
    yield CONTENT.subarray(5);
    // The reply has come before the end.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const connection = await opened({});
  const { error, recipients } = await connection.send({
    ...ENVELOPE,
    content: { form: 'chunk', octets: CONTENT.length, pieces: pieces() },
  });
  expect(error).toBeNull();
  expect(recipients).toMatchObject([{ phase: 'end' }, { phase: 'end' }]);
  expect(connection.usable).toBe(true);
});

it('by LMTP, an early refusal is the reply to the content for the first recipient alone', async () => {
  async function* pieces() {
    for (let count = 0; count < 1000; count++) yield await Promise.resolve(Buffer.alloc(65_536, 'x\r\n'));
  }
  const script: Script = {
    write: (to, octets, step) => {
      to.write(octets);
      if (step === 'DATA') to.once('data', () => to.write('550 5.1.1 no\r\n'));
    },
  };
  const connection = await opened(script, { lmtp: true });
  const { recipients } = await connection.send({
    ...ENVELOPE,
    content: { form: 'stream', pieces: pieces() },
  });
  expect(recipients).toMatchObject([{ reply: { code: 550 } }, { reply: null }]);
  expect(connection.usable).toBe(false);
});

it('after STARTTLS, closes the connection if a reply comes before EHLO was sent again', async () => {
  const lines: string[] = [];
  const script: Script = {
    // With TLS 1.3 the server learns that the handshake is done after the client, so the reply comes after EHLO.
    tls: { ...tls, maxVersion: 'TLSv1.2' },
    replies: { EHLO: '250-x\r\n250 STARTTLS\r\n' },
    secured: (secure) => secure.write('250 x\r\n'),
    heard: (line) => lines.push(line),
  };
  const opening = opened(script, { startTls: true, tls: { verify: false } });
  await expect(opening).rejects.toMatchObject({ fault: 'protocol', phase: 'tls' });
  expect(lines.filter((line) => line.startsWith('EHLO'))).toHaveLength(1);
});
