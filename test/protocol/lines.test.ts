/** Command lines that are easily taken for others: a fault here shows in no dialogue that goes well. */
import { describe, expect, it } from 'vitest';
import { ReceivedReply } from '../../src/protocol/client/received-reply.js';
import { extensionsOf } from '../../src/protocol/client/announced.js';
import { SessionHarness } from './session-harness.js';

/** Returns the answers to the lines, without the greeting and the answer to EHLO. */
function answersTo(lines: string, profile: object = {}): string[] {
  return new SessionHarness({ profile }).begin().feed(`EHLO c\r\n${lines}`).answers.slice(2);
}

describe('the path of MAIL', () => {
  it('is not looked for before its keyword', () => {
    const [answer] = answersTo('MAIL <a@x.example>FROM:\r\n');
    expect(answer).toBe('501 5.5.4 Syntax: MAIL FROM:<address> [parameters]');
  });

  it('may have parameters if no space may come before it', () => {
    const answers = answersTo('MAIL FROM:<a@x.example> BODY=7BIT\r\nRSET\r\nMAIL FROM: <a@x.example>\r\n', {
      spaceBeforePath: 'reject',
    });
    expect(answers.map((answer) => answer.slice(0, 3))).toEqual(['250', '250', '501']);
  });
});

it('takes a header field for HTTP if no hello came before the refused DATA', () => {
  const harness = new SessionHarness().begin().feed('DATA\r\nSubject: x\r\n');
  expect(harness.codes).toEqual([220, 503, 421]);
});

describe('the extensions of a server', () => {
  const extensions = (...lines: string[]): ReadonlyMap<string, string> =>
    extensionsOf(new ReceivedReply(250, ['mx.example', ...lines]));

  it('have the parameters of the last line if they are announced twice', () => {
    expect(extensions('SIZE 1', 'SIZE 2').get('SIZE')).toBe('2');
  });

  it('have the mechanisms of the first line with AUTH', () => {
    expect(extensions('AUTH PLAIN LOGIN', 'AUTH=LOGIN').get('AUTH')).toBe('PLAIN LOGIN');
    expect(extensions('auth=login').get('AUTH')).toBe('login');
  });
});
