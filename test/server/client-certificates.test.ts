// TLS client certificates, per port: asked for or not, good or bad, over STARTTLS and implicit TLS.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type ConnectionOptions, TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { issueCertificate, type IssuedCertificate } from '../../src/cli/serve/issue-certificate.js';
import { EXTERNAL, PLAIN } from '../../src/protocol/index.js';
import {
  CertificateError,
  Certificates,
  type ClientCertificate,
  createServer,
  type ListenOptions,
} from '../../src/server/index.js';
import { testCertificates } from '../certs.js';
import { pairFor } from '../tls/loopback.js';
import { expectNoTrouble, serve } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

const DAY_MS = 86_400_000;

let server: IssuedCertificate;
let authority: IssuedCertificate;
let good: IssuedCertificate;
let bad: Record<'expired' | 'early' | 'forServers' | 'strange' | 'selfSigned', IssuedCertificate>;

beforeAll(async () => {
  const days = (from: number, to: number): { validFrom: Date; validTo: Date } => ({
    validFrom: new Date(Date.now() + from * DAY_MS),
    validTo: new Date(Date.now() + to * DAY_MS),
  });
  const names = ['client.example'];
  const authorityOf = (commonName: string): Promise<IssuedCertificate> =>
    issueCertificate({ commonName, names: [], use: 'authority', ...days(-1, 30) });
  [server, authority] = await Promise.all([pairFor(['localhost', 'other.example']), authorityOf('Ours')]);
  const issuer = authority;
  const about = { commonName: 'client', names, use: 'client' } as const;
  const [ours, expired, early, forServers, strange, selfSigned] = await Promise.all([
    issueCertificate({ ...about, ...days(-1, 30), issuer }),
    issueCertificate({ ...about, ...days(-20, -1), issuer }),
    issueCertificate({ ...about, ...days(5, 30), issuer }),
    issueCertificate({ ...about, ...days(-1, 30), issuer, use: 'server' }),
    authorityOf('Theirs').then((theirs) => issueCertificate({ ...about, ...days(-1, 30), issuer: theirs })),
    issueCertificate({ ...about, ...days(-1, 30) }),
  ]);
  good = ours;
  bad = { expired, early, forServers, strange, selfSigned };
});

async function serveCertificates(listen: Partial<ListenOptions>) {
  const shown: (ClientCertificate | null | undefined)[] = [];
  const certificates = Certificates.load([server], { clientAuthorities: authority.cert });
  const running = await serve(
    {
      certificates,
      mechanisms: [EXTERNAL, PLAIN],
      onHello: (session) => void shown.push(session.tls?.clientCertificate),
      onAuth: (_, credentials) => {
        if (credentials.mechanism !== 'EXTERNAL') return credentials.authcid.expose();
        const { authzid, certificate } = credentials;
        const [name = ''] = certificate.subjectAltNames;
        return authzid === null || `DNS:${authzid}` === name ? name : null;
      },
    },
    listen,
  );
  return { ...running, shown, certificates };
}

/** Comes by STARTTLS, or with TLS at once, and shows a certificate or none. */
async function come(
  port: number,
  tls: 'starttls' | 'implicit',
  certificate: IssuedCertificate | null,
  more: ConnectionOptions = {},
): Promise<Talk> {
  const talk = await Talk.open(port, tls === 'implicit' ? { deaf: true } : {});
  if (tls === 'starttls') await talk.play('< 220', '> EHLO client.example', '< 250', '> STARTTLS', '< 220');
  await talk.secure({ ...certificate, ...more });
  return talk;
}

function tlsOf({ socket }: Talk): TLSSocket {
  if (!(socket instanceof TLSSocket)) throw new Error('expected TLS');
  return socket;
}

const external = (authzid: string): string =>
  `AUTH EXTERNAL ${Buffer.from(authzid).toString('base64') || '='}`;

describe.each(['starttls', 'implicit'] as const)('%s', (tls) => {
  const greeting = tls === 'implicit' ? (['< 220'] as const) : [];

  it('required, and good: EXTERNAL', async () => {
    const { port, shown, errors } = await serveCertificates({ tls, clientCertificates: 'required' });
    const talk = await come(port, tls, good);
    await talk.play(...greeting);
    expect(await talk.say('EHLO client.example')).toContain('AUTH EXTERNAL PLAIN');
    expect(await talk.say(external('somebody.else'))).toMatch(/^535 5\.7\.8/);
    expect(await talk.say(external('client.example'))).toMatch(/^235/);
    expect(shown.at(-1)).toMatchObject({
      subject: 'CN=client',
      issuer: 'CN=Ours',
      subjectAltNames: ['DNS:client.example'],
      fingerprint256: expect.stringMatching(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/) as string,
      authorized: true,
      problem: null,
    });
    expect(errors).toEqual([]);
  });

  const problems = [
    ['none', 'none was shown'],
    ['expired', 'it has expired'],
    ['early', 'it is not valid yet'],
    ['forServers', 'it is not for TLS clients'],
    ['strange', 'no authority that is trusted here has issued it'],
    ['selfSigned', 'it is self-signed, and not trusted here'],
  ] as const;

  it.each(problems)('required, and %s: 554 to all but QUIT', async (which, problem) => {
    const { port, errors, shown } = await serveCertificates({ tls, clientCertificates: 'required' });
    const talk = await come(port, tls, which === 'none' ? null : bad[which]);
    const refusal = `554 5.7.0 A client certificate is required: ${problem}`;
    if (tls === 'implicit') {
      expect(await talk.reply()).toBe(refusal);
      expect(await talk.say('EHLO client.example')).toMatch(/^503 5\.5\.1/);
    } else {
      expect(await talk.say('EHLO client.example')).toBe(refusal);
      expect(await talk.say('MAIL FROM:<a@x.example>')).toBe(refusal);
    }
    expect(await talk.say('QUIT')).toMatch(/^221/);
    expect(errors.map(({ message }) => message)).toEqual([
      `a TLS client certificate is required: ${problem}`,
    ]);
    expect(shown.filter((certificate) => certificate !== undefined)).toEqual([]);
  });

  it.each(problems)('optional, and %s: it proves nothing', async (which, problem) => {
    const { port, shown } = await serveCertificates({ tls, clientCertificates: 'optional' });
    const talk = await come(port, tls, which === 'none' ? null : bad[which]);
    await talk.play(...greeting);
    expect(await talk.say('EHLO client.example')).toContain('AUTH PLAIN');
    expect(await talk.say('AUTH EXTERNAL =')).toMatch(/^504/);
    expect(await talk.signIn('me')).toMatch(/^235/);
    if (which === 'none') expect(shown.at(-1)).toBeNull();
    else expect(shown.at(-1)).toMatchObject({ authorized: false, problem });
  });

  it('not asked for: none is seen', async () => {
    const { port, shown } = await serveCertificates({ tls });
    const talk = await come(port, tls, good);
    await talk.play(...greeting, '> EHLO client.example', '< 250');
    expect(shown.at(-1)).toBeNull();
  });
});

describe('a mechanism of the embedder that gives EXTERNAL anywhere', () => {
  it('proves nothing with a certificate that is bad', async () => {
    const anywhere = { name: 'EXTERNAL', begin: () => EXTERNAL.begin() };
    const { port } = await serve(
      {
        certificates: Certificates.load([server], { clientAuthorities: authority.cert }),
        mechanisms: [anywhere],
        onAuth: (_, { certificate }) => certificate.subject,
      },
      { tls: 'implicit', clientCertificates: 'optional' },
    );
    for (const [certificate, code] of [
      [good, '235'],
      [bad.expired, '535'],
      [null, '535'],
    ] as const) {
      const talk = await come(port, 'implicit', certificate);
      await talk.play('< 220', '> EHLO client.example', '< 250', '> AUTH EXTERNAL =', `< ${code}`);
    }
  });
});

describe('a port that requires one', () => {
  it('takes nothing before TLS', async () => {
    const { port } = await serveCertificates({ clientCertificates: 'required' });
    const talk = await Talk.greeted(port);
    expect(await talk.say('MAIL FROM:<a@x.example>')).toMatch(/^530 5\.7\.0/);
  });

  it('looks at it whatever server name the client asks for', async () => {
    const { port } = await serveCertificates({ tls: 'implicit', clientCertificates: 'required' });
    for (const servername of ['localhost', 'other.example', 'unknown.example']) {
      await (await come(port, 'implicit', good, { servername })).play('< 220');
      await (await come(port, 'implicit', bad.strange, { servername })).play('< 554 5.7.0');
    }
  });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session that is resumed, %s', (version) => {
  const options = { minVersion: version, maxVersion: version } as const;

  async function sessionOf(talk: Talk): Promise<Buffer> {
    const socket = tlsOf(talk);
    const ticket = once(socket, 'session') as Promise<[Buffer]>;
    const session = version === 'TLSv1.2' ? socket.getSession() : (await ticket)[0];
    if (session === undefined) throw new Error('no session');
    return session;
  }

  it('has the certificate that it began with', async () => {
    const { port, shown } = await serveCertificates({ tls: 'implicit', clientCertificates: 'required' });
    const first = await come(port, 'implicit', good, options);
    const session = await sessionOf(first);
    const again = await come(port, 'implicit', null, { ...options, session });
    await again.play('< 220', '> EHLO client.example', '< 250');
    expect(tlsOf(again).isSessionReused()).toBe(true);
    expect(shown.at(-1)).toMatchObject({ authorized: true, subject: 'CN=client' });
  });

  it('does not come over from a port that asked for none', async () => {
    const { port, server } = await serveCertificates({ tls: 'implicit' });
    const strict = await server.listen({ port: 0, tls: 'implicit', clientCertificates: 'required' });
    const session = await sessionOf(await come(port, 'implicit', null, options));
    const talk = await come(strict.port, 'implicit', good, { ...options, session });
    await talk.play('< 220');
    expect(tlsOf(talk).isSessionReused()).toBe(false);
  });

  it('does not come over from another authority', async () => {
    const ticketKeys = Buffer.alloc(48, 7);
    const ports: number[] = [];
    for (const clientAuthorities of [authority.cert, (await pairForAuthority()).cert]) {
      const certificates = Certificates.load([server], { ticketKeys, clientAuthorities });
      const running = await serve({ certificates }, { tls: 'implicit', clientCertificates: 'required' });
      ports.push(running.port);
    }
    const [ours = 0, theirs = 0] = ports;
    const session = await sessionOf(await come(ours, 'implicit', good, options));
    const talk = await come(theirs, 'implicit', good, { ...options, session });
    await talk.play('< 554 5.7.0 A client certificate is required: no authority');
  });

  function pairForAuthority(): Promise<IssuedCertificate> {
    const dates = { validFrom: new Date(Date.now() - DAY_MS), validTo: new Date(Date.now() + DAY_MS) };
    return issueCertificate({ commonName: 'Theirs', names: [], use: 'authority', ...dates });
  }
});

describe('authorities', () => {
  it('come from a file, which is read anew', async () => {
    const { ca, cert, key, clientCert } = await testCertificates();
    const certificates = Certificates.load([{ certFile: cert, keyFile: key }], {
      clientAuthorities: { file: ca },
    });
    expect(certificates.knowsClients).toBe(true);
    expect(await certificates.reload()).toMatchObject({ ok: true, changed: false });
    const load = (clientAuthorities: string | { file: string }): Certificates =>
      Certificates.load([{ certFile: cert, keyFile: key }], { clientAuthorities });
    expect(() => load({ file: '/nowhere.pem' })).toThrow('/nowhere.pem: cannot read: no such file');
    expect(() => load('')).toThrow(
      'client authorities: not PEM: expected CERTIFICATEs of authorities, found nothing',
    );
    expect(() => load({ file: key })).toThrow(`${key}: not PEM: expected CERTIFICATEs of authorities, found`);
    expect(() => load({ file: clientCert })).toThrow('found that certificate 1 is none');
    const broken = (await readFile(ca, 'utf8')).replace(/\nMII.*/, '\nMIIx');
    expect(() => load(broken)).toThrow(CertificateError);
  });

  it('that have expired are warned of', async () => {
    const dates = { validFrom: new Date(Date.now() - 9 * DAY_MS), validTo: new Date(Date.now() - DAY_MS) };
    const old = await issueCertificate({ commonName: 'Old', names: [], use: 'authority', ...dates });
    const certificates = Certificates.load([server], { clientAuthorities: old.cert });
    expect(certificates.warnings).toMatchObject([{ code: 'expired', where: 'client authorities' }]);
  });
});

describe('what cannot be met', () => {
  it.each([
    [{ clientCertificates: 'optional', tls: 'off' }, "'optional' cannot be met with tls 'off'"],
    [
      { clientCertificates: 'required', tlsRequired: false },
      "'required' cannot be met with tlsRequired false",
    ],
    [{ tlsRequired: true, tls: 'off' }, "tlsRequired cannot be met with tls 'off'"],
  ] as const)('%o', async (options, message) => {
    const certificates = Certificates.load([server], { clientAuthorities: authority.cert });
    await expect(createServer({}, { certificates }).listen({ port: 0, ...options })).rejects.toThrow(message);
  });

  it('without authorities, or certificates', async () => {
    const listen = { port: 0, clientCertificates: 'optional' } as const;
    const certificates = Certificates.load([server]);
    await expect(createServer({}, { certificates }).listen(listen)).rejects.toThrow(
      'needs certificates with clientAuthorities',
    );
    await expect(createServer().listen({ port: 0, tls: 'implicit' })).rejects.toThrow(
      "tls 'implicit' needs certificates",
    );
  });
});
