/** A meter counts each command once, by its verb, and each reply that is sent, by its code. */
import { expect, it } from 'vitest';
import { SessionHarness } from './session-harness.js';

it('counts commands by verb, and lines without one under an empty verb', () => {
  const commands: string[] = [];
  const codes: number[] = [];
  const meter = {
    command: (verb: string) => void commands.push(verb),
    reply: (code: number) => void codes.push(code),
  };
  const harness = new SessionHarness({ profile: { meter } }).begin();
  harness
    .feed('ehlo c\r\nDATA\r\nBLA\r\nNOOP\n')
    .feed('MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nNOOP\r\n.\r\n');
  harness.feed(`NOOP ${'x'.repeat(4000)}\r\nAUTH LOGIN\r\n*\r\nGET / HTTP/1.1\r\n`);
  expect(commands).toEqual(['EHLO', 'DATA', '', '', 'MAIL', 'RCPT', 'DATA', 'NOOP', 'AUTH', '']);
  expect(codes).toEqual(harness.codes);
});
