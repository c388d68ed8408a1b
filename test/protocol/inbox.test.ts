/** Lines in the inbox: each test says how one ends, or which octets remain if it is refused. */
import { describe, expect, it } from 'vitest';
import type { IncomingContent } from '../../src/protocol/content/incoming-content.js';
import { Inbox, LineDecoder } from '../../src/protocol/inbox.js';
import { octetsOf } from './session-harness.js';

/** Returns an inbox that got these pieces. */
function inboxOf(...pieces: readonly string[]): Inbox {
  const inbox = new Inbox();
  for (const piece of pieces) inbox.push(octetsOf(piece));
  return inbox;
}

describe('an inbox', () => {
  it('reads pieces in their order, and goes on with those that come later', () => {
    const inbox = inboxOf('NO', 'O', 'P\r', '\n');
    expect([inbox.length, inbox.readLine(10, 100), inbox.line]).toEqual([6, 'line', 'NOOP']);
    for (const piece of ['RS', 'E', 'T\r\n']) inbox.push(octetsOf(piece));
    expect([inbox.length, inbox.readLine(10, 100), inbox.line]).toEqual([6, 'line', 'RSET']);
    expect([inbox.length, inbox.readLine(10, 100), inbox.line]).toEqual([0, 'more', '']);
  });

  it('reads content to the end of its last piece', () => {
    const inbox = inboxOf('ab', 'cd', 'ef');
    const reader = {
      position: 0,
      next(octets: Uint8Array) {
        this.position = octets.length;
        return 'more';
      },
    };
    expect(inbox.readContent(reader as unknown as IncomingContent)).toBe('more');
    expect(inbox.length).toBe(0);
  });

  it('is in a line while it swallows one that is too long', () => {
    const inbox = inboxOf('NOOP x x x');
    expect([inbox.readLine(4, 100), inbox.inLine]).toEqual(['more', true]);
    inbox.push(octetsOf('\r\n'));
    expect([inbox.readLine(4, 100), inbox.inLine]).toEqual(['tooLong', false]);
  });

  it('counts only the octets of a line towards what may be swallowed', () => {
    const inbox = inboxOf(`NOOP\r\n${'x'.repeat(16)}`);
    expect(inbox.readLine(4, 20)).toBe('line');
    expect(inbox.readLine(4, 20)).toBe('more');
    inbox.push(octetsOf('xxxxx'));
    expect(inbox.readLine(4, 20)).toBe('endless');
  });
});

describe('a line that is given up', () => {
  it('leaves nothing of the next one', () => {
    const inbox = inboxOf('NOOP x x\r\nRSET\r\n');
    expect([inbox.readLine(4, 100), inbox.line]).toEqual(['tooLong', 'NOOP x x\r']);
    expect([inbox.readLine(4, 100), inbox.line]).toEqual(['line', 'RSET']);
  });

  it('leaves its first 16 octets', () => {
    const inbox = inboxOf('NOOP 1234567890 1234\nNOOP 1234567890 1234\r\n');
    expect([inbox.readLine(50, 100), inbox.line]).toEqual(['bareNewline', 'NOOP 1234567890 ']);
    expect([inbox.readLine(10, 100), inbox.line]).toEqual(['tooLong', 'NOOP 1234567890 ']);
  });

  it('ends with a bare LF, though a CR comes after it', () => {
    const inbox = inboxOf('NOOP\n\r\n');
    expect([inbox.readLine(10, 100), inbox.line]).toEqual(['bareNewline', 'NOOP']);
    expect([inbox.readLine(10, 100), inbox.line]).toEqual(['line', '']);
  });

  it('is too long with a bare LF only if it has more octets than the limit', () => {
    expect(inboxOf('NOOP\n').readLine(4, 100)).toBe('bareNewline');
    expect(inboxOf('NOOP1\n').readLine(4, 100)).toBe('tooLong');
  });
});

describe('a line decoder', () => {
  it('begins no line with an empty piece', () => {
    const decoder = new LineDecoder();
    expect([decoder.next(octetsOf(''), 0, 10, 100), decoder.inLine]).toEqual(['more', false]);
  });

  it('gives only octets that it has to the function that makes text of them', () => {
    const decoder = new LineDecoder((octets, from, end) =>
      Buffer.from(octets.subarray(from, end)).toString('latin1'),
    );
    expect([decoder.next(octetsOf('NOOP\n'), 0, 10, 100), decoder.text]).toEqual(['bareNewline', 'NOOP']);
  });
});
