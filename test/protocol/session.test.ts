// Tests the methods of a session in each phase: vanish, end, shutdown, terminate, refuseContent; and its getters. The
// input of clients is tested in test/vectors.
import { describe, expect, it } from 'vitest';
import { ACCEPT, refuse, Reply, reply, type Question } from '../../src/protocol/parts.js';
import { type Decide, SessionHarness, acceptAll } from './session-harness.js';

const FAREWELL = reply('shuttingDown', { hostname: 'mx.example' });
const NO = new Reply(550, '5.7.1', 'No');

/** Octets that lead from the greeting into a phase. */
const INTO = {
  greeted: '',
  ready: 'EHLO c\r\n',
  authenticating: 'EHLO c\r\nAUTH LOGIN\r\n',
  mail: 'EHLO c\r\nMAIL FROM:<a@x>\r\n',
  rcpt: 'EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n',
  data: 'EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nhi\r\n',
  unsolicited: 'EHLO c\r\nDATA\r\nSubject: x\r\n',
  securing: 'EHLO c\r\nSTARTTLS\r\n',
} as const;
type Phase = keyof typeof INTO;
const phases = Object.keys(INTO) as Phase[];

/** Puts off the verdict on the questions named. */
const putOff = (...types: Question['type'][]): Decide => {
  return (question) => (types.includes(question.type) ? undefined : acceptAll(question));
};

function sessionIn(phase: Phase, judge: Decide = acceptAll): SessionHarness {
  const harness = new SessionHarness({ profile: { starttls: true }, judge }).begin().feed(INTO[phase]);
  expect(harness.session.phase).toBe(phase);
  harness.events.length = 0;
  harness.replies = '';
  return harness;
}

/** The events if a phase is broken off. */
const BROKEN: Readonly<Record<string, readonly string[]>> = {
  mail: ['reset'],
  rcpt: ['reset'],
  data: ['abort disconnected'],
};

describe.each(phases)('in %s', (phase) => {
  it('vanish says nothing and closes', () => {
    const harness = sessionIn(phase);
    harness.session.vanish();
    harness.session.vanish();
    harness.pump();
    expect(harness.events).toEqual([...(BROKEN[phase] ?? []), 'close peer']);
    expect([harness.replies, harness.closed]).toEqual(['', true]);
  });

  it('end reads what is there, gives up half a line, and closes', () => {
    const harness = sessionIn(phase);
    harness.session.end();
    harness.pump();
    expect(harness.events).toEqual([...(BROKEN[phase] ?? []), 'close peer']);
    expect([harness.replies, harness.closed]).toEqual(['', true]);
  });

  it('terminate says farewell, where TLS is not being set up, and closes', () => {
    const harness = sessionIn(phase);
    harness.session.terminate(FAREWELL, 'timeout');
    harness.session.terminate(FAREWELL, 'timeout');
    harness.pump();
    expect(harness.events).toEqual([...(BROKEN[phase] ?? []), 'close timeout']);
    expect(harness.codes).toEqual(phase === 'securing' ? [] : [421]);
  });

  it('shutdown waits for a transaction, and for nothing else', () => {
    const harness = sessionIn(phase);
    harness.session.shutdown(FAREWELL);
    harness.pump();
    const waits = ['mail', 'rcpt', 'data'].includes(phase);
    expect(harness.closed).toBe(!waits);
    if (waits) harness.feed(phase === 'data' ? '.\r\nNOOP\r\n' : 'NOOP\r\nRSET\r\nNOOP\r\n');
    expect(harness.codes).toEqual(
      waits ? [...(phase === 'data' ? [] : [250]), 250, 421] : phase === 'securing' ? [] : [421],
    );
    expect(harness.events.at(-1)).toBe('close shutdown');
    harness.session.shutdown(FAREWELL);
    expect(harness.session.output()).toBeNull();
  });

  it('refuseContent is for content alone', () => {
    const harness = sessionIn(phase);
    harness.session.refuseContent(NO);
    harness.session.refuseContent(reply('internal'));
    harness.pump();
    expect(harness.events).toEqual(phase === 'data' ? ['abort refused'] : []);
    if (phase === 'data') expect(harness.feed('more\n\r\n.\r\n').answers).toEqual(['550 5.7.1 No']);
  });

  it('a closed session takes nothing and reports nothing more', () => {
    const harness = sessionIn(phase);
    harness.session.vanish();
    harness.feed('NOOP\r\n');
    harness.session.answer(ACCEPT);
    harness.session.refuseContent(NO);
    harness.session.shutdown(FAREWELL);
    harness.pump();
    expect([harness.session.unread, harness.replies, harness.session.next().type]).toEqual([0, '', 'closed']);
  });
});

describe.each<[Question['type'], string]>([
  ['hello', 'EHLO c\r\n'],
  ['starttls', INTO.securing],
  ['auth', INTO.ready + 'AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=\r\n'],
  ['mail', INTO.mail],
  ['rcpt', INTO.rcpt],
  ['data', INTO.rcpt + 'DATA\r\n'],
  ['end', INTO.data + '.\r\n'],
])('while the verdict on %s is out', (type, octets) => {
  const pending = (): SessionHarness => {
    const harness = new SessionHarness({ profile: { starttls: true }, judge: putOff(type) })
      .begin()
      .feed(octets);
    expect(harness.waiting?.type).toBe(type);
    harness.replies = '';
    return harness.feed('NOOP\r\n');
  };
  const verdict = type === 'auth' ? ({ type: 'authenticate', principal: 'p' } as const) : ACCEPT;

  it('nothing is read, and nothing is lost', () => {
    const harness = pending();
    expect([harness.session.next().type, harness.session.unread, harness.replies]).toEqual([
      'needVerdict',
      6,
      '',
    ]);
    harness.decide(refuse(NO));
    expect(harness.codes).toEqual([550, 250]);
  });

  it('the verdict has no effect if the peer has gone', () => {
    const harness = pending();
    harness.session.vanish();
    harness.pump();
    expect(harness.closed).toBe(true);
    // Once it has come whole, a message is not aborted: RFC 5321 6.1.
    expect(harness.events.filter((event) => event.startsWith('abort'))).toEqual([]);
    harness.session.answer(verdict);
    expect([harness.session.next().type, harness.session.output()]).toEqual(['closed', null]);
  });

  it('a half-closed peer hears it', () => {
    const harness = pending();
    harness.session.end();
    harness.decide(refuse(NO));
    expect([harness.codes, harness.closed]).toEqual([[550, 250], true]);
  });

  it('shutdown waits for it', () => {
    const harness = pending();
    harness.session.shutdown(FAREWELL);
    harness.pump();
    expect(harness.replies).toBe('');
    harness.decide(verdict);
    const inTransaction = ['mail', 'rcpt', 'data'].includes(type);
    expect(harness.closed).toBe(!inTransaction);
    // No handshake is begun only to be broken off.
    if (type === 'starttls') expect(harness.codes).toEqual([421]);
    else expect(harness.codes.at(-1)).toBe(inTransaction ? (type === 'data' ? 354 : 250) : 421);
  });

  it('content cannot be refused any more but by it', () => {
    const harness = pending();
    harness.session.refuseContent(NO);
    harness.decide(verdict);
    expect(harness.events.filter((event) => event.startsWith('abort'))).toEqual([]);
  });

  it('an impossible verdict throws, and leaves the question open', () => {
    const harness = pending();
    const wrong = [
      type === 'auth' ? ACCEPT : ({ type: 'authenticate', principal: 'p' } as const),
      { type: 'keys', keys: null } as const,
      ...(type === 'end' ? [] : [{ type: 'perRecipient', replies: [NO] } as const]),
    ];
    for (const verdict of wrong) {
      expect(() => harness.session.answer(verdict)).toThrow(`${verdict.type} is no answer to ${type}`);
    }
    harness.decide(refuse(NO));
    expect(harness.codes).toEqual([550, 250]);
  });

  it('a no whose reply says yes is 451', () => {
    expect(pending().decide(refuse(new Reply(250, '2.0.0', 'Ok'))).codes).toEqual([451, 250]);
  });
});

describe('a session', () => {
  it.each([300, 354])('uses no reply for a yes but 2yz: not %i', (code) => {
    const judge: Decide = (question) =>
      question.type === 'mail' ? { type: 'accept', reply: new Reply(code, null, 'x') } : acceptAll(question);
    expect(new SessionHarness({ judge }).begin().feed(INTO.mail).codes).toEqual([220, 250, 250]);
  });

  it('answers a client that talks early with the refusal of the handler, if there is one', () => {
    const answers = (verdict: ReturnType<Decide>): readonly string[] => {
      const harness = new SessionHarness({
        judge: (question) => (question.type === 'connect' ? verdict : acceptAll(question)),
      });
      return harness.feed('EHLO c\r\n').answers;
    };
    expect(answers(refuse(NO))).toEqual(['550 5.7.1 No', '503 5.5.1 You were turned away: send QUIT']);
    expect(answers(ACCEPT)).toEqual([reply('earlyTalker').toString()]);
  });

  it('says the refusal of STARTTLS before its farewell', () => {
    const harness = sessionIn('ready', putOff('starttls')).feed('STARTTLS\r\n');
    harness.session.shutdown(FAREWELL);
    expect(harness.decide(refuse(NO)).codes).toEqual([550, 421]);
  });

  it.each([
    ['by its verdict', 'DATA\r\nhi\r\n.\r\n', 'end', 550],
    ['by the session', 'DATA\r\na\nb\r\n.\r\n', null, 550],
    ['that came by BDAT', 'BDAT 2\r\nhi', 'data', 550],
  ] as const)(
    'takes no header field for content after a message that was refused %s',
    (_, octets, type, code) => {
      const judge: Decide = (question) => (question.type === type ? refuse(NO) : acceptAll(question));
      const harness = sessionIn('rcpt', judge).feed(octets).feed('Subject: x\r\n');
      expect(harness.codes.filter((found) => found !== 354)).toEqual([code, 421]);
    },
  );

  it('reports no reset for a chunk outside a transaction', () => {
    const harness = sessionIn('ready').feed('BDAT 2\r\nhi');
    expect(harness.codes).toEqual([503]);
    expect(harness.events).toEqual(['refused BDAT 503 5.5.1 Send MAIL first']);
  });

  it('greets with the handler’s words', () => {
    const judge: Decide = (question) =>
      question.type === 'connect'
        ? { type: 'accept', reply: new Reply(220, null, 'hi') }
        : acceptAll(question);
    expect(new SessionHarness({ judge }).begin().answers).toEqual(['220 hi']);
  });

  it.each([
    ['smtp', 'Welcome', '220 mx.example ESMTP Welcome'],
    ['smtp', '', '220 mx.example ESMTP'],
    ['lmtp', 'Welcome', '220 mx.example LMTP Welcome'],
    ['lmtp', undefined, '220 mx.example LMTP ready'],
  ] as const)('greets by %s with the banner %s', (protocol, banner, greeting) => {
    const profile = { protocol, ...(banner === undefined ? {} : { banner }) };
    expect(new SessionHarness({ profile }).begin().answers).toEqual([greeting]);
  });

  it('takes parameters that belong to no extension on offer, if the listener accepts them', () => {
    const feed = (profile: object): number[] =>
      new SessionHarness({ profile }).begin().feed('EHLO c\r\nMAIL FROM:<a@x> X=1 SIZE=7\r\n').codes;
    expect(feed({ unknownParameters: 'accept' })).toEqual([220, 250, 250]);
    expect(feed({})).toEqual([220, 250, 555]);
  });

  it('answers a hello with the text of the listener', () => {
    const harness = new SessionHarness({ profile: { helloText: 'at your service' } }).begin();
    harness.feed('HELO c\r\nEHLO c\r\n');
    expect(harness.answers[1]).toBe('250 mx.example at your service');
    expect(harness.answers[2]).toMatch(/^250-mx\.example at your service\n250-PIPELINING\n/);
  });

  it('throws for an answer to nothing', () => {
    expect(() => new SessionHarness().begin().session.answer(ACCEPT)).toThrow('no question waits');
  });

  it('says goodbye before it has greeted', () => {
    const harness = new SessionHarness();
    harness.session.shutdown(FAREWELL);
    harness.pump();
    expect([harness.codes, harness.closed]).toEqual([[421], true]);
  });

  it('shows who, how and what', () => {
    const harness = new SessionHarness({ profile: { starttls: true } }).begin();
    const shown = (): unknown[] => {
      const { hello, identity, transaction } = harness.session;
      return [hello?.name ?? null, identity.kind, transaction?.reversePath?.address ?? null];
    };
    expect(shown()).toEqual([null, 'anonymous', null]);
    harness.feed('EHLO c\r\nAUTH PLAIN AHVzZXIAcGFzc3dvcmQ=\r\n');
    expect(shown()).toEqual(['c', 'authenticated', null]);
    expect(harness.session.identity).toMatchObject({ principal: 'user' });
    harness.feed('MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n');
    expect(shown()).toEqual(['c', 'authenticated', 'a@x']);
    harness.feed('.\r\nRCPT');
    expect([...shown(), harness.session.inLine]).toEqual(['c', 'authenticated', null, true]);
    harness.feed('\r\nSTARTTLS\r\n');
    expect(shown()).toEqual([null, 'anonymous', null]);
  });

  it('counts what it has to say', () => {
    const { session } = new SessionHarness().begin();
    expect(session.unsent).toBe(0);
    session.terminate(FAREWELL, 'timeout');
    expect(session.unsent).toBe(FAREWELL.octets.length);
    expect(session.output()).toEqual(FAREWELL.octets);
    expect(session.unsent).toBe(0);
  });

  it('hands over what came behind STARTTLS', () => {
    const harness = sessionIn('ready', putOff('starttls')).feed('STARTTLS\r\n\x16\x03').feed('\x01');
    harness.decide(ACCEPT);
    expect(Array.from(harness.session.takeUnread())).toEqual([0x16, 3, 1]);
    harness.session.secured();
    expect(harness.feed('NOOP\r\n').codes).toEqual([220, 250]);
  });

  it('answers what came in one piece in one write (RFC 2920 3.2)', () => {
    const harness = sessionIn('ready');
    const before = harness.writes;
    harness.feed(INTO.rcpt.slice(INTO.ready.length) + 'RCPT TO:<c@y>\r\nDATA\r\n');
    expect([harness.codes, harness.writes - before]).toEqual([[250, 250, 250, 354], 1]);
  });

  it('lets a farewell out at the end of a message that is refused', () => {
    const harness = sessionIn('data');
    harness.session.shutdown(FAREWELL);
    expect(harness.feed('a\nb\r\n.\r\nNOOP\r\n').codes).toEqual([550, 421]);
  });
});
