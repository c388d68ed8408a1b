import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_LINE, MAX_REPLY, Fault, type ReceivedReply, ReplyReader } from '../../src/client/parts.js';

/** The replies in the pieces, or the fault that ends the reading. */
function read(...pieces: (string | Buffer)[]): ReceivedReply[] | Fault {
  const reader = new ReplyReader();
  const replies: ReceivedReply[] = [];
  for (const piece of pieces) {
    const fault = reader.read(Buffer.from(piece as string, 'latin1'), (reply) => replies.push(reply));
    if (fault !== null) return fault;
  }
  return replies;
}

function repliesIn(text: string): ReceivedReply[] {
  const replies = read(text);
  if (replies instanceof Fault) throw new Error(replies.reason);
  return replies;
}

const faultOf = (reason: string): object => ({ reason: expect.stringContaining(reason) as unknown });

describe('replies', () => {
  it('are the same however the octets are split', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '-', '5', '.', 'é'), maxLength: 20 });
    const code = fc.integer({ min: 2, max: 5 }).map((first) => first * 100 + 51);
    const reply = fc.tuple(code, fc.array(text, { minLength: 1, maxLength: 4 }));
    const cuts = fc.array(fc.nat(1000), { maxLength: 8 });
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1, maxLength: 4 }), cuts, (replies, places) => {
        const octets = Buffer.from(
          replies
            .map(([number, lines]) =>
              lines.map((line, at) => `${number}${at < lines.length - 1 ? '-' : ' '}${line}\r\n`).join(''),
            )
            .join(''),
        );
        const at = [0, ...places.map((place) => place % octets.length).sort((a, b) => a - b), octets.length];
        const reader = new ReplyReader();
        const heard: [number, readonly string[]][] = [];
        for (let i = 1; i < at.length; i++) {
          // Each piece has memory of its own, which is overwritten afterwards: the reader must keep no reference to it.
          const piece = Buffer.from(octets.subarray(at[i - 1], at[i]));
          reader.read(piece, ({ code: number, lines }) => heard.push([number, lines]));
          piece.fill(0);
        }
        expect(heard).toEqual(replies);
        expect(reader.idle).toBe(true);
      }),
    );
  });

  it('may be a code alone', () => {
    expect(read('250\r\n')).toMatchObject([{ code: 250, lines: [''] }]);
  });

  it('have an enhanced code only of their own class, and a text that is safe to show', () => {
    const [reply] = repliesIn('550-5.1.1 No\x1b[31m such\r\n550 5.1.1 mailbox\r\n');
    expect(reply).toMatchObject({ enhanced: '5.1.1', text: 'No?[31m such mailbox', done: false });
    expect(String(reply)).toBe('550 5.1.1 No?[31m such mailbox');
    expect(read('250 5.1.1 x\r\n')).toMatchObject([{ enhanced: null, text: '5.1.1 x' }]);
  });
});

describe('octets that are not a reply', () => {
  it.each([
    ['250 ok\n', 'a bare LF'],
    ['250 o\rk\r\n', 'a bare CR'],
    ['ok\r\n', 'no code'],
    ['199 ok\r\n', 'a code of no class'],
    ['269 ok\r\n', 'a second digit beyond 5'],
    ['250ok\r\n', 'no separator'],
    ['250-a\r\n550 b\r\n', 'two codes in one reply'],
    ['\r\n', 'an empty line'],
  ])('rejects %j: %s', (text) => {
    expect(read(text)).toBeInstanceOf(Fault);
  });

  it('rejects a line that is one octet too long', () => {
    const line = (length: number): string => `250 ${'x'.repeat(length - 6)}\r\n`;
    expect(read(line(MAX_LINE))).toHaveLength(1);
    expect(read(line(MAX_LINE + 1))).toMatchObject(faultOf('a line of more than'));
    expect(read('x'.repeat(MAX_LINE))).toMatchObject(faultOf('a line of more than'));
    expect(read('x'.repeat(MAX_LINE - 1))).toEqual([]);
  });

  it('rejects a reply that is one octet too long', () => {
    const many = `250-${'x'.repeat(1018)}\r\n`.repeat(63);
    expect(read(many, `250 ${'x'.repeat(1018)}\r\n`)).toHaveLength(1);
    expect(many.length + 1024).toBe(MAX_REPLY);
    expect(read(many, `250 ${'x'.repeat(1019)}\r\n`)).toMatchObject(faultOf('a reply of more than'));
  });
});
