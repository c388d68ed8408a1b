/** The question `command`: the server is asked about each command before it is executed. */
import { describe, expect, it } from 'vitest';
import { ACCEPT, refuse, Reply, type Verdict } from '../../src/protocol/index.js';
import { acceptAll, SessionHarness } from './session-harness.js';

const ASKED = { asksCommands: true } as const;

/** A session whose server has a verdict on the commands with these verbs. */
function session(
  verdicts: Readonly<Record<string, Verdict<string>>> = {},
  profile: object = {},
): SessionHarness {
  return new SessionHarness({
    profile: { ...ASKED, ...profile },
    judge: (question) =>
      question.type === 'command' ? (verdicts[question.command.verb] ?? ACCEPT) : acceptAll(question),
  }).begin();
}

const commands = ({ events }: SessionHarness): string[] =>
  events.filter((event) => event.startsWith('command '));

describe('is asked about', () => {
  it('each command with its argument, and about AUTH without the credentials', () => {
    const harness = session().feed(
      'ehlo c\r\nAUTH PLAIN AHVzZXIAcGFzcw==\r\nNOOP\r\nMAIL FROM:<\xc3\xbc@x>\r\n',
    );
    expect(commands(harness)).toEqual([
      'command EHLO "c"',
      'command AUTH "PLAIN"',
      'command NOOP ""',
      'command MAIL "FROM:<ü@x>"',
    ]);
  });

  it('lines that are no commands, with no more than the first octets of their first word', () => {
    const harness = session().feed('BLA bla\r\n \r\n a b\r\nxxxxxxxxxxxxxxxxxxxx y\r\nNOOP \xff\r\n');
    expect(commands(harness)).toEqual([
      'command BLA "bla"',
      'command  ""',
      'command  "a b"',
      'command XXXXXXXXXXXXXXXX "y"',
      'command NOOP "\xff"',
    ]);
    expect(harness.codes).toEqual([220, 500, 500, 500, 500, 500]);
  });

  it('no line that cannot be read, no answer to a challenge, and no content', () => {
    const harness = session({}, { limits: { authLine: 100 } }).feed(
      'EHLO c\r\nAUTH LOGIN\r\ndQ==\r\ncA==\r\n',
    );
    harness.feed('NOOP\n').feed('MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nNOOP\r\n.\r\n');
    expect(commands(harness).map((event) => event.split(' ')[1])).toEqual([
      ...['EHLO', 'AUTH', 'MAIL', 'RCPT', 'DATA'],
    ]);
    expect(harness.stored).toEqual(['NOOP\r\n']);
  });
});

describe('accepted', () => {
  it('lets each command take its course', () => {
    const harness = session({}, { limits: { messages: 1 } }).feed(
      'EHLO c\r\nMAIL FROM:<a@x>\r\nRSET\r\nXXXX\r\nMAIL FROM:<a@x>\r\n',
    );
    expect(harness.codes).toEqual([220, 250, 250, 250, 500, 421]);
    expect(session().feed('GET / HTTP/1.1\r\n').codes).toEqual([220, 421]);
  });

  it('with a reply of 2yz, answers with that and does nothing else', () => {
    const own = { type: 'accept', reply: new Reply(250, '2.1.5', 'Everyone') } as const;
    const harness = session({ EXPN: own, EHLO: own }).feed('EXPN all\r\nEHLO c\r\nMAIL FROM:<a@x>\r\n');
    expect(harness.answers.slice(1)).toEqual([
      '250 2.1.5 Everyone',
      '250 2.1.5 Everyone',
      '503 5.5.1 Send EHLO first',
    ]);
    expect(harness.events.some((event) => event.startsWith('refused EXPN'))).toBe(false);
  });

  it('with a reply of 3yz, lets the command take its course: the client would send content', () => {
    const own = { type: 'accept', reply: new Reply(354, null, 'Go on') } as const;
    expect(session({ NOOP: own }).feed('NOOP\r\n').answers.slice(1)).toEqual(['250 2.0.0 Ok']);
  });

  it('with a reply that closes, closes after it', () => {
    const own = { type: 'accept', reply: new Reply(221, '2.0.0', 'Bye').closing() } as const;
    const harness = session({
      HELP: { type: 'accept', reply: new Reply(214, '2.0.0', 'No help') },
      NOOP: own,
    });
    harness.feed('HELP\r\nNOOP\r\nNOOP\r\n');
    expect(harness.codes).toEqual([220, 214, 221]);
    expect(harness.events.at(-1)).toBe('close refused');
  });
});

describe('refused', () => {
  const no = refuse(new Reply(550, '5.7.1', 'Not here'));

  it('answers with the refusal, reports it and does nothing else', () => {
    const harness = session({ MAIL: no }).feed('EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n');
    expect(harness.answers.slice(2)).toEqual(['550 5.7.1 Not here', '503 5.5.1 Send MAIL first']);
    expect(harness.events).toContain('refused MAIL 550 5.7.1 Not here');
  });

  it('with a reply that says yes gets 451', () => {
    const harness = session({ NOOP: refuse(new Reply(250, '2.0.0', 'Yes')) }).feed('NOOP\r\n');
    expect(harness.codes).toEqual([220, 451]);
  });

  it.each([
    ['good', 'BDAT 6\r\nNOOP\r\nNOOP\r\n', [550, 250]],
    ['malformed, of a known size', 'BDAT 6 MORE\r\nNOOP\r\nNOOP\r\n', [550, 250]],
    ['of an unknown size', 'BDAT x\r\nNOOP\r\n', [550]],
  ])('BDAT, %s: its content is read to the end', (_, octets, codes) => {
    const harness = session({ BDAT: no }).feed('EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n');
    expect(harness.feed(octets).codes.slice(4)).toEqual(codes);
  });

  it('DATA: the message after it does not run as commands', () => {
    const harness = session({ DATA: no }).feed('EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n');
    harness.feed('DATA\r\nSubject: x\r\n\r\nMAIL FROM:<c@x>\r\n.\r\nNOOP\r\n');
    expect(harness.codes.slice(4)).toEqual([550, 503, 250]);
  });

  it('an HTTP request: the connection stays open', () => {
    const harness = session({ GET: no }).feed('GET / HTTP/1.1\r\nNOOP\r\n');
    expect(harness.codes).toEqual([220, 550, 250]);
    expect(harness.events.at(-1)).toBe('command NOOP ""');
  });
});

it('waits for its verdict, and reads nothing meanwhile', () => {
  const harness = new SessionHarness({
    profile: ASKED,
    judge: (question) => (question.type === 'command' ? undefined : acceptAll(question)),
  }).begin();
  harness.feed('NOOP\r\nHELP\r\n');
  expect(commands(harness)).toEqual(['command NOOP ""']);
  harness.decide(ACCEPT).decide(ACCEPT);
  expect(harness.codes).toEqual([220, 250, 214]);
});
