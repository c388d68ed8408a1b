// The meter counts each command and each reply of all sessions, refused ones included.
import { expect, it } from 'vitest';
import { expectNoTrouble, serve } from './harness.js';
import { Talk } from './talk.js';

expectNoTrouble();

it('counts commands by verb and replies by code', async () => {
  const commands: string[] = [];
  const codes: number[] = [];
  const meter = {
    command: (verb: string) => void commands.push(verb),
    reply: (code: number) => void codes.push(code),
  };
  const { port } = await serve({ meter });
  const talk = await Talk.open(port);
  talk.write('EHLO x\r\nNOOP\r\nBOGUS\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n');
  talk.write(`Subject: x\r\n\r\nNOOP\r\n.\r\n${'x'.repeat(3000)}\r\nQUIT\r\n`);
  await talk.rest();
  expect(codes).toEqual([220, 250, 250, 500, 250, 250, 354, 250, 500, 221]);
  // Lines of the content are no commands, and what is no verb has no name.
  expect(commands).toEqual(['EHLO', 'NOOP', '', 'MAIL', 'RCPT', 'DATA', '', 'QUIT']);
});
