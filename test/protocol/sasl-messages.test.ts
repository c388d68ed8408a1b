/** Messages of SASL mechanisms: if one breaks the grammar in a single place, the server refuses it with the reason. */
import { describe, expect, it } from 'vitest';
import {
  EXTERNAL,
  Fault,
  OAUTHBEARER,
  PLAIN,
  refuse,
  Reply,
  type SaslMechanism,
  XOAUTH2,
} from '../../src/protocol/parts.js';
import { challengeAfter, challengeBefore } from '../../src/protocol/sasl/exchange.js';
import { parseGs2Header } from '../../src/protocol/sasl/gs2.js';
import { parseClientFinal, parseClientFirst } from '../../src/protocol/sasl/scram-message.js';
import type { Phase } from '../../src/protocol/state/phases.js';
import { acceptAll, SessionHarness } from './session-harness.js';

const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

/** Returns the reason of a refusal; throws if it was taken. */
function reasonOf(parsed: unknown): string {
  if (!(parsed instanceof Fault)) throw new Error(`taken: ${JSON.stringify(parsed)}`);
  return parsed.reason;
}

describe('the header of a first message', () => {
  it('is at the beginning of the message', () => {
    expect(reasonOf(parseGs2Header('n=user,n,,r=abc'))).toBe('expected it to begin with n,, or n,a=user,');
  });

  it('is refused with the reason if the client binds to a channel', () => {
    expect(reasonOf(parseGs2Header('p=tls-exporter,,'))).toBe('channel binding is not offered here');
    expect(reasonOf(parseGs2Header('xp=,,'))).toBe('expected it to begin with n or y');
  });
});

describe('the messages of SCRAM', () => {
  it('may have extensions after the nonce, each with a letter as its name', () => {
    expect(parseClientFirst('n,,n=user,r=abc,x=yz,y=')).toMatchObject({ user: 'user', nonce: 'abc' });
    expect(reasonOf(parseClientFirst('n,,n=user,r=abc,1=x'))).toBe('expected n=user and r=nonce');
    expect(parseClientFinal('c=biws,r=abc,x=yz,y=,p=QUJD')).toEqual({
      binding: 'n,,',
      nonce: 'abc',
      proof: 'ABC',
      withoutProof: 'c=biws,r=abc,x=yz,y=',
    });
  });

  it.each(['', 'xc=biws,r=abc,p=QUJD', 'c=biws,r=abc,p=QUJD,x=y', 'c=biws,r=abc,1=x,p=QUJD'])(
    'do not end with %j',
    (message) => {
      expect(reasonOf(parseClientFinal(message))).toBe('expected c=, r=nonce and p=proof');
    },
  );
});

describe('the messages of bearer tokens', () => {
  const reason = (mechanism: SaslMechanism, message: string): string =>
    reasonOf(mechanism.begin().start(message));
  const PAIRS = 'expected pairs of key=value, each with ^A behind it';

  it.each([
    ['no ^A after the header', 'n,,xauth=Bearer t\x01\x01'],
    ['something after the last ^A', 'n,,\x01auth=Bearer t\x01x'],
    ['one ^A at the end', 'n,,\x01auth=Bearer tx\x01'],
    ['a key that has a digit', 'n,,\x011auth=Bearer t\x01\x01'],
    ['a NUL in a value', 'n,,\x01auth=Bearer t\0\x01\x01'],
    ['a key twice', 'n,,\x01auth=Bearer t\x01auth=Bearer t\x01\x01'],
  ])('are refused if they have %s', (_, message) => {
    expect(reason(OAUTHBEARER, message)).toBe(PAIRS);
  });

  it('are refused for the key auth if they lack it', () => {
    for (const pairs of ['\x01\x01', '\x01host=mx.example\x01\x01'])
      expect(reason(OAUTHBEARER, `n,,${pairs}`)).toBe('the key auth is missing');
    expect(reason(XOAUTH2, 'user=u\x01\x01')).toBe('the key auth is missing');
  });

  it('have the word Bearer at the beginning of auth, and any number of spaces after it', () => {
    expect(reason(OAUTHBEARER, 'n,,\x01auth=xBearer t\x01\x01')).toContain('expected "Bearer"');
    const step = OAUTHBEARER.begin().start('n,,\x01auth=bearer   t\x01\x01');
    if (step instanceof Fault || step.kind !== 'credentials' || !('token' in step.credentials))
      throw new Error('no token');
    expect(step.credentials.token.expose()).toBe('t');
  });
});

it('takes an empty message of EXTERNAL for no authorization identity', () => {
  expect(EXTERNAL.begin().start('')).toEqual({
    kind: 'credentials',
    credentials: { mechanism: 'EXTERNAL', authzid: null },
  });
});

describe('AUTH', () => {
  const answersTo = (mechanisms: readonly SaslMechanism[], lines: string): string[] =>
    new SessionHarness({ profile: { mechanisms } }).begin().feed(`EHLO c\r\n${lines}`).answers.slice(2);

  it('says that it is not offered if there is no mechanism', () => {
    expect(answersTo([], 'AUTH PLAIN\r\n')).toEqual(['502 5.5.1 AUTH is not offered here']);
  });

  it('says that an initial response or an answer is not base64', () => {
    const [initial, , answer] = answersTo([PLAIN], 'AUTH PLAIN ?\r\nAUTH PLAIN\r\n?\r\n');
    expect(initial).toMatch(/^501 5\.5\.2 .*base64/i);
    expect(answer).toBe(initial);
  });

  it('says how long an answer may be', () => {
    const session = new SessionHarness({
      profile: { mechanisms: [PLAIN], limits: { authLine: 12_288, commandLine: 20_000 } },
    });
    session.begin().feed(`EHLO c\r\nAUTH PLAIN\r\n${'A'.repeat(12_292)}\r\n`);
    expect(session.answers.at(-1)).toMatch(/^500 5\.5\.6 .*12288/);
  });

  it('gives a client the help of its mechanism before any permanent refusal, 500 too', () => {
    const judge: typeof acceptAll = (question) =>
      question.type === 'auth' ? refuse(new Reply(500, '5.7.0', 'No')) : acceptAll(question);
    const session = new SessionHarness({ profile: { mechanisms: [OAUTHBEARER] }, judge }).begin();
    session.feed(`EHLO c\r\nAUTH OAUTHBEARER ${base64('n,,\x01auth=Bearer t\x01\x01')}\r\nAQ==\r\n`);
    expect(session.answers.slice(2)).toEqual([`334 ${base64('{"status":"invalid_token"}')}`, '500 5.7.0 No']);
  });
});

describe('a challenge', () => {
  it('does not come before a refusal outside of an exchange', () => {
    const phase = { kind: 'ready' } as Phase<unknown>;
    expect(challengeBefore(new Reply(535, '5.7.8', 'No'), phase)).toBeNull();
  });

  it('cannot have keys in a mechanism that looks none up', () => {
    const phase = { kind: 'authenticating', exchange: PLAIN.begin() } as Phase<unknown>;
    expect(() => challengeAfter(null, phase)).toThrow('no keys were asked for in authenticating');
  });
});
