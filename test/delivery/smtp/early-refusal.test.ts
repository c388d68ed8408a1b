/** A server that refuses content while it is being sent, as some do with 552 once it is too large. */
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  Connection,
  Shared,
  type OutgoingContent,
  type TransactionResult,
} from '../../../src/client/parts.js';
import { answersOf } from '../../../src/delivery/transports/smtp/answers.js';
import type { Envelope } from '../../../src/delivery/transports/smtp/envelope.js';
import { hostileServer } from '../../client/hostile-server.js';

const shared = new Shared(10);

/** Sends a large message to a server that replies with this once the first octets of the content have come. */
async function refusedBy(reply: string, content: OutgoingContent, lmtp = false): Promise<TransactionResult> {
  const port = await hostileServer((socket) => {
    let taking = false;
    socket.on('data', (octets: Buffer) => {
      if (taking) {
        // It goes on reading, so that the reply is not lost in a reset.
        socket.write(reply);
        reply = '';
        return;
      }
      for (const line of octets.toString('latin1').split('\r\n').slice(0, -1)) {
        const verb = line.slice(0, 4);
        taking ||= verb === 'DATA' || verb === 'BDAT';
        if (verb === 'EHLO' || verb === 'LHLO') socket.write('250-x\r\n250-CHUNKING\r\n250 BINARYMIME\r\n');
        else if (verb === 'DATA') socket.write('354 go\r\n');
        // Content follows it at once.
        else if (verb === 'BDAT') return;
        else socket.write('250 ok\r\n');
      }
    });
    socket.write('220 x\r\n');
  });
  const options = { host: '127.0.0.1', port, timeout: 20_000, messages: 100, messageTimeout: 60_000, lmtp };
  const connection = await Connection.open(options, shared);
  onTestFinished(() => connection.destroy());
  const result = await connection.send({
    mail: 'MAIL FROM:<a@example.com>',
    recipients: ['RCPT TO:<b@example.net>', 'RCPT TO:<c@example.net>'],
    content,
  });
  // The server would read the rest of the content as commands.
  expect(connection.usable).toBe(false);
  return result;
}

const PIECE = Buffer.alloc(65_536, 'x\r\n');
const COUNT = 2000;
async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < COUNT; at++) yield await Promise.resolve(PIECE);
}

const FORMS: Readonly<Record<string, () => OutgoingContent>> = {
  'content that streams': () => ({ form: 'stream', pieces: pieces() }),
  'content of one write': () => ({ form: 'data', octets: Buffer.alloc(32_000_000, 'x\r\n') }),
  BDAT: () => ({ form: 'chunk', octets: COUNT * PIECE.length, pieces: pieces() }),
};

const envelope = {
  recipients: [0, 1].map((position) => ({ recipient: { position }, command: '' })),
} as unknown as Envelope;

describe.each(Object.keys(FORMS))('a refusal of %s before its end', (form) => {
  const content = (): OutgoingContent => (FORMS[form] as () => OutgoingContent)();

  it.each([
    ['552 5.3.4 Too large\r\n', 'bounced'],
    ['452 4.3.1 Full\r\n', 'deferred'],
    ['421 4.3.2 Closing\r\n', 'deferred'],
    ['250 2.0.0 Taken\r\n', 'deferred'],
  ])('%j: the recipients that it is about are %s', async (reply, outcome) => {
    for (const lmtp of [false, true]) {
      const result = await refusedBy(reply, content(), lmtp);
      const answers = [...answersOf(result, envelope, { host: 'mx.example', lmtp }).values()];
      // By LMTP the reply is the first recipient's alone.
      const second = lmtp ? 'deferred' : outcome;
      expect(answers.map(({ result: verdict }) => verdict.outcome)).toEqual([outcome, second]);
      if (!reply.startsWith('2')) expect(answers[0]?.result.reply).toBe(reply.trim());
    }
  });
});
