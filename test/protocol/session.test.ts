// Tests the methods of a session in each phase: vanish, end, shutdown, terminate, refuseContent; and its getters. The
// input of clients is tested in test/vectors.
import { describe, expect, it } from 'vitest';
import { ACCEPT, refuse, Reply, reply, type Question } from '../../src/protocol/index.js';
import { type Judge, Rig, yes } from './session-harness.js';

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
const putOff = (...types: Question['type'][]): Judge => {
  return (question) => (types.includes(question.type) ? undefined : yes(question));
};

function rigIn(phase: Phase, judge: Judge = yes): Rig {
  const rig = new Rig({ profile: { starttls: true }, judge }).begin().feed(INTO[phase]);
  expect(rig.session.phase).toBe(phase);
  rig.events.length = 0;
  rig.replies = '';
  return rig;
}

/** The events if a phase is broken off. */
const BROKEN: Readonly<Record<string, readonly string[]>> = {
  mail: ['reset'],
  rcpt: ['reset'],
  data: ['abort disconnected'],
};

describe.each(phases)('in %s', (phase) => {
  it('vanish says nothing and closes', () => {
    const rig = rigIn(phase);
    rig.session.vanish();
    rig.session.vanish();
    rig.pump();
    expect(rig.events).toEqual([...(BROKEN[phase] ?? []), 'close peer']);
    expect([rig.replies, rig.closed]).toEqual(['', true]);
  });

  it('end reads what is there, gives up half a line, and closes', () => {
    const rig = rigIn(phase);
    rig.session.end();
    rig.pump();
    expect(rig.events).toEqual([...(BROKEN[phase] ?? []), 'close peer']);
    expect([rig.replies, rig.closed]).toEqual(['', true]);
  });

  it('terminate says farewell, where TLS is not being set up, and closes', () => {
    const rig = rigIn(phase);
    rig.session.terminate(FAREWELL, 'timeout');
    rig.session.terminate(FAREWELL, 'timeout');
    rig.pump();
    expect(rig.events).toEqual([...(BROKEN[phase] ?? []), 'close timeout']);
    expect(rig.codes).toEqual(phase === 'securing' ? [] : [421]);
  });

  it('shutdown waits for a transaction, and for nothing else', () => {
    const rig = rigIn(phase);
    rig.session.shutdown(FAREWELL);
    rig.pump();
    const waits = ['mail', 'rcpt', 'data'].includes(phase);
    expect(rig.closed).toBe(!waits);
    if (waits) rig.feed(phase === 'data' ? '.\r\nNOOP\r\n' : 'NOOP\r\nRSET\r\nNOOP\r\n');
    expect(rig.codes).toEqual(
      waits ? [...(phase === 'data' ? [] : [250]), 250, 421] : phase === 'securing' ? [] : [421],
    );
    expect(rig.events.at(-1)).toBe('close shutdown');
    rig.session.shutdown(FAREWELL);
    expect(rig.session.output()).toBeNull();
  });

  it('refuseContent is for content alone', () => {
    const rig = rigIn(phase);
    rig.session.refuseContent(NO);
    rig.session.refuseContent(reply('internal'));
    rig.pump();
    expect(rig.events).toEqual(phase === 'data' ? ['abort refused'] : []);
    if (phase === 'data') expect(rig.feed('more\n\r\n.\r\n').answers).toEqual(['550 5.7.1 No']);
  });

  it('a closed session takes nothing and reports nothing more', () => {
    const rig = rigIn(phase);
    rig.session.vanish();
    rig.feed('NOOP\r\n');
    rig.session.answer(ACCEPT);
    rig.session.refuseContent(NO);
    rig.session.shutdown(FAREWELL);
    rig.pump();
    expect([rig.session.unread, rig.replies, rig.session.next().type]).toEqual([0, '', 'closed']);
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
  const pending = (): Rig => {
    const rig = new Rig({ profile: { starttls: true }, judge: putOff(type) }).begin().feed(octets);
    expect(rig.waiting?.type).toBe(type);
    rig.replies = '';
    return rig.feed('NOOP\r\n');
  };
  const verdict = type === 'auth' ? ({ type: 'authenticate', principal: 'p' } as const) : ACCEPT;

  it('nothing is read, and nothing is lost', () => {
    const rig = pending();
    expect([rig.session.next().type, rig.session.unread, rig.replies]).toEqual(['needVerdict', 6, '']);
    rig.decide(refuse(NO));
    expect(rig.codes).toEqual([550, 250]);
  });

  it('the verdict has no effect if the peer has gone', () => {
    const rig = pending();
    rig.session.vanish();
    rig.pump();
    expect(rig.closed).toBe(true);
    // Once it has come whole, a message is not aborted: RFC 5321 6.1.
    expect(rig.events.filter((event) => event.startsWith('abort'))).toEqual([]);
    rig.session.answer(verdict);
    expect([rig.session.next().type, rig.session.output()]).toEqual(['closed', null]);
  });

  it('a half-closed peer hears it', () => {
    const rig = pending();
    rig.session.end();
    rig.decide(refuse(NO));
    expect([rig.codes, rig.closed]).toEqual([[550, 250], true]);
  });

  it('shutdown waits for it', () => {
    const rig = pending();
    rig.session.shutdown(FAREWELL);
    rig.pump();
    expect(rig.replies).toBe('');
    rig.decide(verdict);
    const inTransaction = ['mail', 'rcpt', 'data'].includes(type);
    expect(rig.closed).toBe(!inTransaction);
    // No handshake is begun only to be broken off.
    if (type === 'starttls') expect(rig.codes).toEqual([421]);
    else expect(rig.codes.at(-1)).toBe(inTransaction ? (type === 'data' ? 354 : 250) : 421);
  });

  it('content cannot be refused any more but by it', () => {
    const rig = pending();
    rig.session.refuseContent(NO);
    rig.decide(verdict);
    expect(rig.events.filter((event) => event.startsWith('abort'))).toEqual([]);
  });

  it('an impossible verdict throws, and leaves the question open', () => {
    const rig = pending();
    const wrong = type === 'auth' ? ACCEPT : ({ type: 'authenticate', principal: 'p' } as const);
    expect(() => rig.session.answer(wrong)).toThrow(`is no answer to ${type}`);
    rig.decide(refuse(NO));
    expect(rig.codes).toEqual([550, 250]);
  });

  it('a no whose reply says yes is 451', () => {
    expect(pending().decide(refuse(new Reply(250, '2.0.0', 'Ok'))).codes).toEqual([451, 250]);
  });
});

describe('a session', () => {
  it('uses no reply for a yes but 2yz', () => {
    const judge: Judge = (question) =>
      question.type === 'mail' ? { type: 'accept', reply: new Reply(354, null, 'x') } : yes(question);
    expect(new Rig({ judge }).begin().feed(INTO.mail).codes).toEqual([220, 250, 250]);
  });

  it('greets with the handler’s words', () => {
    const judge: Judge = (question) =>
      question.type === 'connect' ? { type: 'accept', reply: new Reply(220, null, 'hi') } : yes(question);
    expect(new Rig({ judge }).begin().answers).toEqual(['220 hi']);
  });

  it('throws for an answer to nothing', () => {
    expect(() => new Rig().begin().session.answer(ACCEPT)).toThrow('no question waits');
  });

  it('says goodbye before it has greeted', () => {
    const rig = new Rig();
    rig.session.shutdown(FAREWELL);
    rig.pump();
    expect([rig.codes, rig.closed]).toEqual([[421], true]);
  });

  it('shows who, how and what', () => {
    const rig = new Rig({ profile: { starttls: true } }).begin();
    const shown = (): unknown[] => {
      const { hello, identity, transaction } = rig.session;
      return [hello?.name ?? null, identity.kind, transaction?.reversePath?.address ?? null];
    };
    expect(shown()).toEqual([null, 'anonymous', null]);
    rig.feed('EHLO c\r\nAUTH PLAIN AHVzZXIAcGFzc3dvcmQ=\r\n');
    expect(shown()).toEqual(['c', 'authenticated', null]);
    expect(rig.session.identity).toMatchObject({ principal: 'user' });
    rig.feed('MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n');
    expect(shown()).toEqual(['c', 'authenticated', 'a@x']);
    rig.feed('.\r\nRCPT');
    expect([...shown(), rig.session.inLine]).toEqual(['c', 'authenticated', null, true]);
    rig.feed('\r\nSTARTTLS\r\n');
    expect(shown()).toEqual([null, 'anonymous', null]);
  });

  it('counts what it has to say', () => {
    const { session } = new Rig().begin();
    expect(session.unsent).toBe(0);
    session.terminate(FAREWELL, 'timeout');
    expect(session.unsent).toBe(FAREWELL.octets.length);
    expect(session.output()).toEqual(FAREWELL.octets);
    expect(session.unsent).toBe(0);
  });

  it('hands over what came behind STARTTLS', () => {
    const rig = rigIn('ready', putOff('starttls')).feed('STARTTLS\r\n\x16\x03').feed('\x01');
    rig.decide(ACCEPT);
    expect(Array.from(rig.session.takeUnread())).toEqual([0x16, 3, 1]);
    rig.session.secured();
    expect(rig.feed('NOOP\r\n').codes).toEqual([220, 250]);
  });

  it('answers what came in one piece in one write (RFC 2920 3.2)', () => {
    const rig = rigIn('ready');
    const before = rig.writes;
    rig.feed(INTO.rcpt.slice(INTO.ready.length) + 'RCPT TO:<c@y>\r\nDATA\r\n');
    expect([rig.codes, rig.writes - before]).toEqual([[250, 250, 250, 354], 1]);
  });

  it('lets a farewell out at the end of a message that is refused', () => {
    const rig = rigIn('data');
    rig.session.shutdown(FAREWELL);
    expect(rig.feed('a\nb\r\n.\r\nNOOP\r\n').codes).toEqual([550, 421]);
  });
});
