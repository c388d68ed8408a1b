// A client that comes back shows a ticket and skips most of the handshake. Apps that open a connection
// per message live on it, so it must survive what the operator does: several names, and renewals.
import { once } from 'node:events';
import type { ConnectionOptions, SecureVersion, TLSSocket } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { IssuedCertificate } from '../../src/cli/serve/issue-certificate.js';
import { Certificates } from '../../src/server/tls/certificates.js';
import { echo, Loopback, pairFor } from './loopback.js';

let first: IssuedCertificate;
let second: IssuedCertificate;
let renewedFirst: IssuedCertificate;
let renewedSecond: IssuedCertificate;

beforeAll(async () => {
  [first, second, renewedFirst, renewedSecond] = await Promise.all([
    pairFor(['first.example']),
    pairFor(['second.example']),
    pairFor(['first.example']),
    pairFor(['second.example']),
  ]);
});

describe.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])('%s', (version) => {
  let certificates: Certificates;
  let loopback: Loopback;

  beforeEach(async () => {
    certificates = Certificates.load([first, second]);
    loopback = await Loopback.open(certificates);
  });
  afterEach(() => loopback.close());

  const connect = (options: ConnectionOptions): Promise<TLSSocket> =>
    loopback.connect({ minVersion: version, maxVersion: version, ...options });

  /** Connects anew and gives the session that the server hands out for the next time. */
  async function sessionFor(options: ConnectionOptions): Promise<Buffer> {
    const socket = await connect(options);
    const ticket = once(socket, 'session') as Promise<[Buffer]>;
    const [session] = version === 'TLSv1.2' ? [socket.getSession()] : await ticket;
    expect(socket.isSessionReused()).toBe(false);
    socket.destroy();
    if (session === undefined) throw new Error('no session');
    return session;
  }

  async function resumes(session: Buffer, options: ConnectionOptions): Promise<boolean> {
    const socket = await connect({ ...options, session });
    expect(await echo(socket, 'hello')).toBe('hello');
    const reused = socket.isSessionReused();
    socket.destroy();
    return reused;
  }

  describe.each([
    ['without a server name', {}],
    ['with the name of the first certificate', { servername: 'first.example' }],
    ['with the name of another certificate', { servername: 'second.example' }],
    ['with an unknown name', { servername: 'unknown.example' }],
  ])('%s', (_, options) => {
    it('resumes', async () => {
      expect(await resumes(await sessionFor(options), options)).toBe(true);
    });

    it('resumes across a reload', async () => {
      const session = await sessionFor(options);
      expect(await certificates.reload([renewedFirst, renewedSecond])).toMatchObject({
        ok: true,
        changed: true,
      });
      expect(await resumes(session, options)).toBe(true);
    });

    it('resumes on another listener of the same certificates', async () => {
      const session = await sessionFor(options);
      const before = loopback;
      loopback = await Loopback.open(certificates);
      await before.close();
      expect(await resumes(session, options)).toBe(true);
    });

    it('does not resume with the tickets of strangers', async () => {
      const session = await sessionFor(options);
      await loopback.close();
      loopback = await Loopback.open(Certificates.load([first, second]));
      expect(await resumes(session, options)).toBe(false);
    });
  });

  it('resumes in another process that was given the same ticket keys', async () => {
    const ticketKeys = Buffer.alloc(48, 7);
    await loopback.close();
    loopback = await Loopback.open(Certificates.load([first], { ticketKeys }));
    const session = await sessionFor({});
    await loopback.close();
    // Another process has another command line, on which Node's own choice would depend.
    process.argv.push('--other');
    loopback = await Loopback.open(Certificates.load([first], { ticketKeys }));
    process.argv.pop();
    expect(await resumes(session, {})).toBe(true);
  });
});
