// What the parts of the machine ask of each other: a bug of one is said by the other, never swallowed; and
// what a client cannot reach through the session is held all the same.
import { describe, expect, it } from 'vitest';
import { ACCEPT, Fault, refuse, Reply, reply, scram, type ScramCrypto } from '../../src/protocol/parts.js';
import { challengeAfter } from '../../src/protocol/sasl/exchange.js';
import { advance, connecting } from '../../src/protocol/state/transitions.js';
import { acceptAll, SessionHarness } from './session-harness.js';

const NONE = new Uint8Array(32);
const crypto: ScramCrypto = {
  nonce: () => 'server',
  hash: () => NONE,
  hmac: () => NONE,
  equal: () => false,
  decoy: () => ({ salt: NONE, iterations: 4096, storedKey: NONE, serverKey: NONE }),
};

describe('a SCRAM exchange', () => {
  it('hears nothing of the client while its keys are looked up', () => {
    const exchange = scram(crypto).begin();
    expect(exchange.start('n,,n=user,r=client')).toEqual({ kind: 'lookup', user: 'user' });
    expect(exchange.respond('c=biws')).toBeInstanceOf(Fault);
  });

  it('takes keys once, when it has asked for them', () => {
    const exchange = scram(crypto).begin();
    expect(() => exchange.found?.(null)).toThrow('no keys were asked for: at start');
    exchange.start('n,,n=user,r=client');
    expect(exchange.found?.(null)).toHaveProperty('kind', 'challenge');
    expect(() => exchange.found?.(null)).toThrow('no keys were asked for: at challenged');
  });

  it('takes nothing but keys, or a refusal, for the answer to its question', () => {
    const harness = new SessionHarness({
      profile: { mechanisms: [scram(crypto)] },
      judge: (question) => (question.type === 'lookup' ? undefined : acceptAll(question)),
    });
    harness.begin().feed(`EHLO a\r\nAUTH SCRAM-SHA-256 ${btoa('n,,n=user,r=client')}\r\n`);
    for (const wrong of [ACCEPT, { type: 'authenticate', principal: 'p' } as const]) {
      expect(() => harness.session.answer(wrong)).toThrow(`${wrong.type} is no answer to lookup`);
    }
    expect(harness.decide(refuse(reply('authFailed'))).codes).toEqual([220, 250, 535]);
  });
});

describe('keys that were not asked for', () => {
  it('are a bug of the machine', () => {
    const first = connecting('plain');
    expect(() => challengeAfter(null, first)).toThrow('no keys were asked for in connecting');
  });
});

describe('a transition that the table does not have', () => {
  it('is a bug of the machine', () => {
    const first = connecting('plain');
    expect(() => advance.reset(advance.closed(first))).toThrow('no transition reset from closed');
    expect(() => advance.rcptAccepted(first)).toThrow('from connecting');
  });
});

describe('a link that is not secure enough (RFC 3207 4.1)', () => {
  it('gets the same no to everything but QUIT', () => {
    const harness = new SessionHarness({ profile: { starttls: true } })
      .begin()
      .feed('EHLO a\r\nSTARTTLS\r\n');
    harness.session.secured('tls', new Reply(554, '5.7.3', 'Not that cipher'));
    harness.pump();
    harness.feed('EHLO a\r\nMAIL FROM:<>\r\nNOOP\r\nQUIT\r\n');
    expect(harness.answers.slice(3)).toEqual([
      '554 5.7.3 Not that cipher',
      '554 5.7.3 Not that cipher',
      '554 5.7.3 Not that cipher',
      '221 2.0.0 Bye',
    ]);
  });
});

describe('XCLIENT and XFORWARD', () => {
  it('refuse what is malformed, each in its own words', () => {
    const harness = new SessionHarness({ profile: { relayTrust: 'withLogin' } }).begin();
    harness.feed('EHLO a\r\nXFORWARD COLOUR=blue\r\nXCLIENT LOGIN=a+20b\r\n');
    expect(harness.codes).toEqual([220, 250, 501, 501]);
  });
});
