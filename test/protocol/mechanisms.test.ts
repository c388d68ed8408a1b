import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Credentials,
  EXTERNAL,
  Fault,
  LOGIN,
  OAUTHBEARER,
  PLAIN,
  type SaslMechanism,
  XOAUTH2,
} from '../../src/protocol/index.js';
import { SCRAM_SHA_256, scramKeys } from '../../src/server/index.js';
import { SessionHarness, userOf } from './session-harness.js';

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');
const pencil = await scramKeys('pencil', { iterations: 2 });

describe('every mechanism', () => {
  const all: readonly SaslMechanism[] = [PLAIN, LOGIN, OAUTHBEARER, XOAUTH2, EXTERNAL, SCRAM_SHA_256];

  // Whatever octets a client sends, in whatever order, an exchange gives a step, and never throws; a fault
  // holds nothing of what was sent.
  it('takes any octets', () => {
    const pieces = fc.constantFrom(
      'n,,',
      'n=',
      'r=',
      'p=',
      'c=biws',
      ',',
      '\x01',
      '\0',
      'auth=Bearer ',
      'user=',
      '\xc3\xbc',
    );
    const message = fc
      .array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 8 })
      .map((parts) => Buffer.from(parts.join(''), 'latin1').toString('latin1'));
    fc.assert(
      fc.property(
        fc.constantFrom(...all),
        fc.option(message),
        fc.array(message, { maxLength: 4 }),
        fc.boolean(),
        (mechanism, initial, answers, known) => {
          const exchange = mechanism.begin();
          let step = exchange.start(initial);
          for (const answer of answers) {
            if (step instanceof Fault) break;
            if (step.kind === 'lookup') step = exchange.found?.(known ? pencil : null) ?? step;
            if (step.kind !== 'challenge') break;
            step = exchange.respond(answer);
          }
          if (step instanceof Fault) expect(step.reason).toMatch(/^[ -~]+$/);
          else expect(['challenge', 'lookup', 'credentials', 'disproof']).toContain(step.kind);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  // Credentials go through: what the client put in is what the verifier gets out, and secrets stay secrets.
  it('gives what was put in', () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((s) => !/\p{C}/u.test(s));
    const token = fc.stringMatching(/^[!-~]{1,60}$/);
    const utf8 = (s: string): string => Buffer.from(s).toString('latin1');
    const name = (s: string): string => utf8(s.replaceAll('=', '=3D').replaceAll(',', '=2C'));
    const last = (mechanism: SaslMechanism, ...messages: string[]): Credentials | null => {
      const exchange = mechanism.begin();
      let step = exchange.start(null);
      for (const message of messages) step = exchange.respond(message);
      return 'credentials' in step ? step.credentials : null;
    };
    fc.assert(
      fc.property(text, token, (user, secret) => {
        const given: readonly (Credentials | null)[] = [
          last(PLAIN, `\0${utf8(user)}\0${secret}`),
          last(LOGIN, utf8(user), secret),
          last(OAUTHBEARER, `n,a=${name(user)},\x01auth=Bearer ${secret}\x01\x01`),
          last(XOAUTH2, `user=${utf8(user)}\x01auth=Bearer ${secret}\x01\x01`),
          last(EXTERNAL, utf8(user)),
        ];
        for (const credentials of given) {
          if (credentials === null) throw new Error(`none for ${user}`);
          const held =
            'password' in credentials
              ? credentials.password
              : 'token' in credentials
                ? credentials.token
                : null;
          expect(userOf(credentials)).toBe(user);
          const shown: unknown = JSON.parse(JSON.stringify(credentials));
          if ('password' in credentials) {
            expect(shown).toEqual({
              mechanism: credentials.mechanism,
              authcid: '[secret]',
              password: '[secret]',
            });
          }
          expect(held?.expose() ?? secret).toBe(secret);
          if (held !== null)
            expect(Object.values(JSON.parse(JSON.stringify(credentials)) as object)).toContain('[secret]');
        }
      }),
    );
  });
});

describe('EXTERNAL', () => {
  const profile = { mechanisms: [EXTERNAL, PLAIN] };
  const talkOn = (link: 'plain' | 'tls' | 'mutual', ...lines: string[]): string[] => {
    const session = new SessionHarness({ profile, link }).begin();
    for (const line of ['EHLO client.example', ...lines]) session.feed(`${line}\r\n`);
    return session.answers.slice(1);
  };

  it('is on offer only where the client has proven who it is', () => {
    expect(talkOn('mutual')[0]).toContain('AUTH EXTERNAL PLAIN');
    for (const link of ['plain', 'tls'] as const) {
      const [hello, auth] = talkOn(link, 'AUTH EXTERNAL =');
      expect(hello).toContain('AUTH PLAIN');
      expect(auth).toMatch(/^504 5\.5\.4/);
    }
  });

  it('is announced after STARTTLS with a certificate, and STARTTLS no more', () => {
    const session = new SessionHarness({ profile: { ...profile, starttls: true } }).begin();
    session.feed('EHLO client.example\r\nSTARTTLS\r\n');
    session.session.secured('mutual');
    session.feed('EHLO client.example\r\nAUTH EXTERNAL\r\n\r\n');
    expect(session.answers.at(-3)).toContain('AUTH EXTERNAL PLAIN');
    expect(session.answers.at(-3)).not.toContain('STARTTLS');
    expect(session.codes.slice(-2)).toEqual([334, 235]);
    expect(session.feed('STARTTLS\r\n').codes.at(-1)).toBe(503);
  });

  it.each([
    ['=', /^235/],
    [base64('me@x.example'), /^235/],
    [base64('\xff'), /^501 5\.5\.2/],
    [base64('a\0b'), /^501 5\.5\.2/],
  ])('AUTH EXTERNAL %s', (argument, reply) => {
    expect(talkOn('mutual', `AUTH EXTERNAL ${argument}`)[1]).toMatch(reply);
  });
});
