// How a session begins: greeting, EHLO or HELO, STARTTLS, AUTH, and what the options require.
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSession, type Session, type SessionOptions, Shared } from '../../src/client/parts.js';
import { Secret } from '../../src/protocol/index.js';
import { localhostCertificates, serve } from '../server/harness.js';
import { hostileServer } from './hostile-server.js';
import { play, type Script } from './scripted-server.js';

interface Played {
  readonly port: number;
  readonly heard: string[];
}

async function played(script: Script): Promise<Played> {
  const heard: string[] = [];
  const port = await hostileServer((socket) =>
    play(socket, { ...script, heard: (line) => heard.push(line) }),
  );
  return { port, heard };
}

function opening(port: number, options: Partial<SessionOptions> = {}) {
  const begun = openSession(
    { host: '127.0.0.1', port, timeout: 15_000, tls: { verify: false }, ...options },
    new Shared(10),
  );
  onTestFinished(() => begun.channel.close());
  return begun;
}

const open = (port: number, options: Partial<SessionOptions> = {}): Promise<Session> =>
  opening(port, options).session;

const credentials = { user: 'app', password: new Secret('s3same') };

describe('the greeting', () => {
  it('that refuses is named the connection', async () => {
    const { port, heard } = await played({ replies: { greeting: '554 no\r\n' } });
    await expect(open(port)).rejects.toMatchObject({
      message: expect.stringMatching(/^the connection was refused: 554/) as string,
      phase: 'greeting',
    });
    expect(heard).toEqual([]);
  });

  it('that is no reply to a connection ends it', async () => {
    const { port, heard } = await played({ replies: { greeting: '354 go\r\n' } });
    await expect(open(port)).rejects.toMatchObject({
      message: 'a reply came that does not answer greeting: 354 go',
      fault: 'protocol',
      phase: 'greeting',
    });
    expect(heard).toEqual([]);
  });
});

describe('the hello', () => {
  it.each([500, 502])('is HELO after %i to EHLO', async (code) => {
    const { port, heard } = await played({ replies: { EHLO: `${code} what\r\n` } });
    const { extensions } = await open(port, { hello: 'app.example' });
    expect(heard).toEqual(['EHLO app.example', 'HELO app.example']);
    expect(extensions.size).toBe(0);
  });

  it.each([421, 450, 501, 504, 550])('is a refusal with %i to EHLO', async (code) => {
    const { port, heard } = await played({ replies: { EHLO: `${code} no\r\n` } });
    await expect(open(port)).rejects.toMatchObject({ command: 'EHLO', phase: 'hello', reply: { code } });
    expect(heard).toEqual(['EHLO localhost']);
  });

  it('is a refusal with 500 to LHLO, since LMTP has no HELO', async () => {
    const { port, heard } = await played({ replies: { LHLO: '500 what\r\n' } });
    await expect(open(port, { lmtp: true })).rejects.toMatchObject({ command: 'LHLO', reply: { code: 500 } });
    expect(heard).toEqual(['LHLO localhost']);
  });

  it('is a refusal if HELO is refused as well', async () => {
    const { port } = await played({ replies: { EHLO: '500 what\r\n' }, other: 504 });
    await expect(open(port)).rejects.toMatchObject({ command: 'HELO', phase: 'hello', reply: { code: 504 } });
  });
});

describe('what the options ask for', () => {
  it('is TLS if it is offered, with startTls: optional', async () => {
    const certificates = await localhostCertificates();
    const { port } = await serve({ certificates }, { tls: 'starttls' });
    const { channel } = await open(port, { startTls: 'optional' });
    expect(channel.protocol).toMatch(/^TLSv1/);
    expect((await open(port, { startTls: false })).channel.protocol).toBe(null);
  });

  it('is no TLS if it is not offered, with startTls: optional', async () => {
    const { port, heard } = await played({});
    expect((await open(port, { startTls: 'optional' })).channel.protocol).toBe(null);
    expect(heard).toEqual(['EHLO localhost']);
  });

  it('is an error if TLS is not offered, with startTls: true, and no STARTTLS is sent', async () => {
    const { port, heard } = await played({});
    await expect(open(port, { startTls: true })).rejects.toMatchObject({
      fault: 'unsupported',
      keyword: 'STARTTLS',
      phase: 'tls',
    });
    expect(heard).toEqual(['EHLO localhost']);
  });

  it('is an error if STARTTLS is refused', async () => {
    const { port } = await played({
      replies: { EHLO: '250-x\r\n250 STARTTLS\r\n', STARTTLS: '454 later\r\n' },
    });
    await expect(open(port, { startTls: true })).rejects.toMatchObject({
      command: 'STARTTLS',
      phase: 'tls',
      reply: { code: 454 },
    });
  });

  it('is an error if AUTH is not offered', async () => {
    const { port, heard } = await played({ replies: { EHLO: '250 x\r\n' } });
    await expect(open(port, { credentials })).rejects.toMatchObject({
      fault: 'unsupported',
      keyword: 'AUTH',
      phase: 'auth',
    });
    expect(heard).toEqual(['EHLO localhost']);
  });

  it('is the first extension that is missing of those that are required', async () => {
    const { port } = await played({});
    expect((await open(port, { required: ['PIPELINING'] })).channel.phase).toBe('idle');
    await expect(open(port, { required: ['PIPELINING', 'SMTPUTF8', 'DSN'] })).rejects.toMatchObject({
      fault: 'unsupported',
      keyword: 'SMTPUTF8',
    });
  });
});

describe('a signal', () => {
  it('that is aborted already opens no session', async () => {
    const { port } = await played({});
    await expect(open(port, { signal: AbortSignal.abort() })).rejects.toMatchObject({ fault: 'aborted' });
  });

  it('that is aborted meanwhile ends the connection', async () => {
    const controller = new AbortController();
    const port = await hostileServer(() => controller.abort());
    await expect(open(port, { signal: controller.signal })).rejects.toMatchObject({ fault: 'aborted' });
  });

  it('that is aborted once the session is open changes nothing', async () => {
    const { port } = await played({});
    const controller = new AbortController();
    const { channel } = await open(port, { signal: controller.signal });
    controller.abort();
    expect(channel.closed).toBe(false);
  });
});
