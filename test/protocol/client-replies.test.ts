/** Replies as the client reads them: the borders of what is a reply, and of what a code means. */
import { describe, expect, it } from 'vitest';
import { bdatCommand, chunkCommand } from '../../src/protocol/client/commands.js';
import { meaningOf } from '../../src/protocol/client/expected-replies.js';
import { MAX_LINE, MAX_LINES } from '../../src/protocol/client/limits.js';
import { ReceivedReply } from '../../src/protocol/client/received-reply.js';
import { ReplyReader } from '../../src/protocol/client/reply-reader.js';
import { ClientSession } from '../../src/protocol/index.js';
import { octetsOf, textOf } from './session-harness.js';

/** Returns the codes of the replies, or the reason of the fault. */
function read(...pieces: string[]): number[] | string {
  const reader = new ReplyReader();
  const codes: number[] = [];
  for (const piece of pieces) {
    const fault = reader.read(octetsOf(piece), ({ code }) => codes.push(code));
    if (fault !== null) return fault.reason;
  }
  return codes;
}

describe('a code', () => {
  it('has a first digit from 2 to 5, a second one to 5, and a third one', () => {
    expect(read('200 x\r\n259 x\r\n550 x\r\n')).toEqual([200, 259, 550]);
    for (const code of ['150', '650', '2/0', '260', '25/', '25:']) {
      expect(read(`${code} x\r\n`)).toBe(`expected a reply that ends with CRLF, got "${code} x\\r\\n"`);
    }
  });

  it('of 4yz and 5yz refuses, and one of 2yz accepts unless it belongs to another command', () => {
    const meanings = [199, 200, 220, 250, 299, 300, 399, 400, 421, 599, 600].map((code) =>
      meaningOf('MAIL', code),
    );
    const no = 'refused';
    expect(meanings).toEqual([null, 'done', null, 'done', 'done', null, null, no, no, no, null]);
    expect([meaningOf('DATA', 354), meaningOf('DATA', 250), meaningOf('QUIT', 250)]).toEqual([
      'more',
      null,
      'done',
    ]);
  });
});

describe('a reader', () => {
  it('takes as many lines as a reply may have, and no more', () => {
    const lines = '250-\r\n'.repeat(MAX_LINES - 1);
    expect(read(`${lines}250 \r\n`)).toEqual([250]);
    expect(read(`${lines}250-\r\n250 \r\n`)).toBe(`a reply of more than ${MAX_LINES} lines came`);
  });

  it('takes the beginning of a line for no more than it is, whatever came before it', () => {
    const line = `250 ${'x'.repeat(MAX_LINE - 6)}\r\n`;
    expect(read(`${line}25`, '0 ok\r\n')).toEqual([250, 250]);
  });

  it('shows no more than the beginning of what is no reply', () => {
    expect(read('\n')).toBe('expected a reply that ends with CRLF, got "\\n"');
    expect(read(`${'x'.repeat(100)}\r\n`)).toBe(
      `expected a reply that ends with CRLF, got "${'x'.repeat(60)}"`,
    );
  });

  it('is idle between replies, and not within one', () => {
    const reader = new ReplyReader();
    const idle = (text: string): boolean => {
      reader.read(octetsOf(text), () => undefined);
      return reader.idle;
    };
    expect([idle(''), idle('250-a\r\n'), idle('25'), idle('0 b\r\n')]).toEqual([true, false, false, true]);
  });

  it('passes nothing on after it was stopped', () => {
    const reader = new ReplyReader();
    let replies = 0;
    const take = (): void => {
      replies++;
      reader.stop();
    };
    reader.read(octetsOf('250 a\r\n250 b\r\n'), take);
    reader.read(octetsOf('250 c\r\n'), take);
    expect(replies).toBe(1);
  });
});

describe('a reply', () => {
  const reply = (code: number, ...lines: string[]): ReceivedReply => new ReceivedReply(code, lines);

  it('is a success below 300', () => {
    expect([reply(250, '').done, reply(299, '').done, reply(300, '').done]).toEqual([true, true, false]);
  });

  it('has an enhanced code at its beginning alone', () => {
    const codeOf = (line: string): string | null => reply(550, line).enhanced;
    expect(['5.1.1', '5.71.1 x', '5.7.712 x'].map(codeOf)).toEqual(['5.1.1', '5.71.1', '5.7.712']);
    for (const line of ['see 5.1.1 x', 'x', '5.1.1x', '4.1.1 x', '5.1234.1 x'])
      expect(codeOf(line)).toBeNull();
  });

  it('is shown without the codes of its lines', () => {
    expect(reply(550, '5.1.1 No', 'such', '5.1.1').text).toBe('No such ');
    expect(reply(550, 'null x', 'y').text).toBe('null x y');
    expect(String(reply(250, ''))).toBe('250');
    expect(String(reply(550, '5.1.1'))).toBe('550 5.1.1');
  });
});

it('a chunk is announced with its size, and LAST', () => {
  expect([bdatCommand(5), chunkCommand(5, false)]).toEqual(['BDAT 5 LAST\r\n', 'BDAT 5\r\n']);
});

it('a session waits for the rest of a reply, and sends an initial response in base64', () => {
  const session = new ClientSession();
  session.receive(octetsOf('220 m'));
  expect(session.next().type).toBe('needOctets');
  session.receive(octetsOf('x\r\n'));
  expect([session.next().type, session.next().type]).toEqual(['reply', 'needCommand']);
  session.auth('PLAIN', '\0me\0pw');
  expect(textOf(session.output() as Uint8Array)).toBe('AUTH PLAIN AG1lAHB3\r\n');
});
