import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLAIN, Reply, scram, type ScramCrypto, type ScramKeys } from '../../src/protocol/index.js';
import { scramKeys } from '../../src/server/index.js';
import { SessionHarness, acceptAll } from './session-harness.js';

const hmac = (key: Uint8Array, octets: Uint8Array): Buffer =>
  createHmac('sha256', key).update(octets).digest();

/** Real crypto, but a nonce that is known. */
const crypto: ScramCrypto = {
  nonce: () => '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  hash: (octets) => createHash('sha256').update(octets).digest(),
  hmac,
  equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  decoy: () => ({
    salt: Buffer.alloc(16, 1),
    iterations: 4096,
    storedKey: Buffer.alloc(32, 2),
    serverKey: Buffer.alloc(32, 3),
  }),
};
const SCRAM = scram(crypto);

// RFC 7677 3: user "user", password "pencil".
const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const pencil: ScramKeys = await scramKeys('pencil', { salt, iterations: 4096 });
const CLIENT_FIRST = 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO';
const NONCE = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const SERVER_FIRST = `r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const CLIENT_FINAL = `c=biws,r=${NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`;
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

function harness(keys: ScramKeys | null): SessionHarness {
  const judge: typeof acceptAll = (question) =>
    question.type === 'lookup' ? { type: 'keys', keys } : acceptAll(question);
  return new SessionHarness({ profile: { mechanisms: [SCRAM] }, judge })
    .begin()
    .feed('EHLO client.example\r\n');
}

/** The replies to lines of AUTH, after the greeting and EHLO. */
function talk(keys: ScramKeys | null, ...lines: string[]): { replies: string[]; harness: SessionHarness } {
  const session = harness(keys);
  for (const line of lines) session.feed(`${line}\r\n`);
  return { replies: session.answers.slice(2), harness: session };
}

/** Returns the answer of a client that knows `password` to the server's first message. */
async function finalFor(
  password: string,
  first: string,
  serverFirst: string,
  header = 'n,,',
): Promise<string> {
  const [, nonce = '', saltText = '', rounds = ''] = /^r=(.*),s=(.*),i=(.*)$/.exec(serverFirst) ?? [];
  const given = { salt: Buffer.from(saltText, 'base64'), iterations: Number(rounds) };
  const { pbkdf2Sync } = await import('node:crypto');
  const salted = pbkdf2Sync(password, given.salt, given.iterations, 32, 'sha256');
  const clientKey = hmac(salted, Buffer.from('Client Key'));
  const without = `c=${base64(header)},r=${nonce}`;
  const signed = Buffer.from([first, serverFirst, without].join(','), 'latin1');
  const signature = hmac(crypto.hash(clientKey), signed);
  return `${without},p=${Buffer.from(clientKey.map((octet, i) => octet ^ (signature[i] ?? 0))).toString('base64')}`;
}

describe('SCRAM-SHA-256', () => {
  it('is the example of RFC 7677 3', () => {
    const { replies, harness } = talk(
      pencil,
      `AUTH SCRAM-SHA-256 ${base64(CLIENT_FIRST)}`,
      base64(CLIENT_FINAL),
      '',
      'MAIL FROM:<a@x.example>',
    );
    expect(replies).toEqual([
      `334 ${base64(SERVER_FIRST)}`,
      `334 ${base64(SERVER_FINAL)}`,
      '235 2.7.0 Authentication successful',
      '250 2.1.0 Sender ok',
    ]);
    expect(harness.events.slice(2, 4)).toEqual(['lookup SCRAM-SHA-256 user', 'auth SCRAM-SHA-256 user']);
    expect(harness.session.identity).toMatchObject({ principal: 'user' });
  });

  it('is the same however the stream is cut', () => {
    const whole = `AUTH SCRAM-SHA-256\r\n${[CLIENT_FIRST, CLIENT_FINAL, ''].map((m) => `${base64(m)}\r\n`).join('')}NOOP\r\n`;
    const once = harness(pencil).feed(whole);
    expect(once.codes).toEqual([220, 250, 334, 334, 334, 235, 250]);
    for (let at = 1; at < whole.length; at++) {
      const twice = harness(pencil).feed(whole.slice(0, at)).feed(whole.slice(at));
      expect([twice.replies, twice.events]).toEqual([once.replies, once.events]);
    }
    const octets = harness(pencil);
    for (const octet of whole) octets.feed(octet);
    expect([octets.replies, octets.events]).toEqual([once.replies, once.events]);
  });

  it('refuses a proof of another password without asking the handler', async () => {
    const final = await finalFor('pen', CLIENT_FIRST.slice(3), SERVER_FIRST);
    const { replies, harness } = talk(pencil, `AUTH SCRAM-SHA-256 ${base64(CLIENT_FIRST)}`, base64(final));
    expect(replies[1]).toBe('535 5.7.8 Authentication credentials invalid');
    expect(harness.events).toContain('auth SCRAM-SHA-256 nobody');
  });

  it('looks the same for a user that does not exist (68)', () => {
    const ask = (keys: ScramKeys | null): string[] =>
      talk(keys, `AUTH SCRAM-SHA-256 ${base64(CLIENT_FIRST)}`, base64(CLIENT_FINAL.replace('=dH', '=dI')))
        .replies;
    const shape = (reply = ''): string =>
      Buffer.from(reply.slice(4), 'base64')
        .toString()
        .replace(/s=[^,]*/, 's=');
    const [wrong, missing] = [ask(pencil), ask(null)];
    expect(missing[1]).toBe(wrong[1]);
    expect(shape(missing[0])).toBe(shape(wrong[0]));
    expect(missing[0]?.length).toBe(wrong[0]?.length);
  });

  it('takes y of a client that would bind, and its user as authorization identity', async () => {
    for (const header of ['y,,', 'n,a=user,']) {
      const final = await finalFor('pencil', CLIENT_FIRST.slice(3), SERVER_FIRST, header);
      const first = `AUTH SCRAM-SHA-256 ${base64(header + CLIENT_FIRST.slice(3))}`;
      expect(talk(pencil, first, base64(final), '').replies[2]).toMatch(/^235/);
    }
  });

  it('refuses a header that was changed on the way (RFC 5802 6)', async () => {
    const final = await finalFor('pencil', CLIENT_FIRST.slice(3), SERVER_FIRST, 'y,,');
    expect(talk(pencil, `AUTH SCRAM-SHA-256 ${base64(CLIENT_FIRST)}`, base64(final)).replies[1]).toMatch(
      /^535/,
    );
  });

  it.each([
    ['nothing', ''],
    ['no header', 'n=user,r=abc'],
    ['channel binding', 'p=tls-exporter,,n=user,r=abc'],
    ['another flag', 'x,,n=user,r=abc'],
    ['another authorization identity', 'n,a=admin,n=user,r=abc'],
    ['a mandatory extension', 'n,,m=x,n=user,r=abc'],
    ['no user', 'n,,n=,r=abc'],
    ['a user with an equals sign', 'n,,n=a=b,r=abc'],
    ['a user with a control', 'n,,n=a\x07b,r=abc'],
    ['a user that is no UTF-8', 'n,,n=a\xff,r=abc'],
    ['no nonce', 'n,,n=user,r='],
    ['a nonce with a space', 'n,,n=user,r=a b'],
    ['an extension without a name', 'n,,n=user,r=abc,=x'],
  ])('does not take a first message with %s', (_, message) => {
    const argument = message === '' ? '=' : base64(message);
    expect(talk(pencil, `AUTH SCRAM-SHA-256 ${argument}`, 'NOOP').replies).toMatchObject([
      expect.stringMatching(/^501 5\.5\.2/),
      '250 2.0.0 Ok',
    ]);
  });

  it.each([
    ['nothing', ''],
    ['another nonce', CLIENT_FINAL.replace('r=r', 'r=s')],
    ['a proof that is no base64', CLIENT_FINAL.replace(/p=.*/, 'p=?')],
    ['no proof', CLIENT_FINAL.replace(/,p=.*/, '')],
    ['a binding that is no base64', CLIENT_FINAL.replace('c=biws', 'c=?')],
  ])('does not take a final message with %s', (_, message) => {
    expect(talk(pencil, `AUTH SCRAM-SHA-256 ${base64(CLIENT_FIRST)}`, base64(message)).replies[1]).toMatch(
      /^501 5\.5\.2/,
    );
  });

  it('says what a final message lacks', () => {
    const lines = [`AUTH SCRAM-SHA-256 ${base64(CLIENT_FIRST)}`, base64('c=biws')];
    expect(talk(pencil, ...lines).replies[1]).toBe(
      '501 5.5.2 Cannot use the credentials: expected c=, r=nonce and p=proof',
    );
  });

  it.each([
    ['short', 'p=AAAA'],
    ['empty', 'p='],
    ['long', `p=${CLIENT_FINAL.slice(-44)}`.replace(/=$/, 'A')],
  ])('takes a proof that is too %s for wrong', (_, proof) => {
    const final = CLIENT_FINAL.replace(/p=.*/, proof);
    expect(talk(pencil, `AUTH SCRAM-SHA-256 ${base64(CLIENT_FIRST)}`, base64(final)).replies[1]).toMatch(
      /^535/,
    );
  });

  it('does not take more than nothing once all is said', () => {
    const lines = [`AUTH SCRAM-SHA-256 ${base64(CLIENT_FIRST)}`, base64(CLIENT_FINAL), 'QQ=='];
    expect(talk(pencil, ...lines).replies[2]).toMatch(/^501 5\.5\.2/);
  });

  it('gives a challenge whole, however long the client made it (RFC 4954 4)', () => {
    const nonce = 'n'.repeat(8_000);
    const { replies } = talk(pencil, `AUTH SCRAM-SHA-256 ${base64(`n,,n=user,r=${nonce}`)}`);
    const text = Buffer.from(replies[0]?.slice(4) ?? '', 'base64').toString();
    expect(text).toBe(`r=${nonce}${crypto.nonce()},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
  });

  // Whatever the user, the password and the client's nonce: who knows the password gets in, as that user,
  // and who knows another one does not.
  it('proves what it should', async () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((s) => !/\p{C}/u.test(s));
    const nonces = fc.stringMatching(/^[!-+\--~]{1,40}$/);
    const password = fc.stringMatching(/^[ -~]{1,20}$/);
    await fc.assert(
      fc.asyncProperty(name, password, fc.boolean(), nonces, async (user, secret, right, nonce) => {
        const keys = await scramKeys(secret, { iterations: 2 });
        const saslName = Buffer.from(user.replaceAll('=', '=3D').replaceAll(',', '=2C')).toString('latin1');
        const bare = `n=${saslName},r=${nonce}`;
        const session = harness(keys).feed(`AUTH SCRAM-SHA-256 ${base64(`n,,${bare}`)}\r\n`);
        const serverFirst = Buffer.from(session.answers.at(-1)?.slice(4) ?? '', 'base64').toString('latin1');
        const final = await finalFor(right ? secret : `${secret}!`, bare, serverFirst);
        session.feed(`${base64(final)}\r\n`);
        if (!right) return session.codes.at(-1) === 535;
        session.feed('\r\n');
        expect(session.session.identity).toMatchObject({ principal: user });
        return session.codes.at(-1) === 235;
      }),
      { numRuns: 60 },
    );
  });
});

describe('the machine', () => {
  it('hears no keys that it did not ask for', () => {
    const session = new SessionHarness({ profile: { mechanisms: [PLAIN] }, judge: () => undefined });
    session.begin();
    expect(() => session.session.answer({ type: 'keys', keys: null })).toThrow(
      'keys is no answer to connect',
    );
  });

  it('ends an exchange whose keys cannot be had, and goes on', () => {
    const judge: typeof acceptAll = (question) =>
      question.type === 'lookup'
        ? { type: 'refuse', reply: new Reply(454, '4.7.0', 'Not now') }
        : acceptAll(question);
    const session = new SessionHarness({ profile: { mechanisms: [SCRAM] }, judge }).begin();
    session.feed(`EHLO client.example\r\nAUTH SCRAM-SHA-256 ${base64(CLIENT_FIRST)}\r\nNOOP\r\n`);
    expect(session.answers.slice(2)).toEqual(['454 4.7.0 Not now', '250 2.0.0 Ok']);
  });
});
