// The decoders by themselves: how they are called, what they hold, where the pieces join.
import { describe, expect, it } from 'vitest';
import { ContentDecoder, DEFAULT_LIMITS, PortableScan, reply } from '../../src/protocol/parts.js';
import { Inbox, LineDecoder } from '../../src/protocol/inbox.js';
import { IncomingContent } from '../../src/protocol/content/incoming-content.js';
import { octetsOf, textOf } from './session-harness.js';

const SWALLOWABLE = 100;

describe('the line decoder', () => {
  const step = (decoder: LineDecoder, text: string, limit = 5): string =>
    `${decoder.next(octetsOf(text), 0, limit, SWALLOWABLE)} ${JSON.stringify(decoder.text)} ${decoder.position}`;

  it('reads one line a call', () => {
    const decoder = new LineDecoder();
    expect(step(decoder, 'ab\r\ncd\r\n')).toBe('line "ab" 4');
    expect(decoder.inLine).toBe(false);
  });

  it('joins what came in pieces', () => {
    const decoder = new LineDecoder();
    expect(step(decoder, 'a')).toBe('more "" 1');
    expect(decoder.inLine).toBe(true);
    expect(step(decoder, '')).toBe('more "" 0');
    expect(step(decoder, 'bc')).toBe('more "" 2');
    expect(step(decoder, 'de\r')).toBe('more "" 3');
    expect(step(decoder, '\n')).toBe('line "abcde" 1');
    // Not kept: it may have been a password.
    expect(step(decoder, '')).toBe('more "" 0');
  });

  it('keeps the head of a line too long, as far as it was there', () => {
    const line = 'AUTH PLAIN and much more\r\n';
    for (const [cut, head] of [
      [1, 'AUTH PLAIN and m'],
      [6, 'AUTH PLAIN and m'],
      [7, 'AUTH PL'],
      [20, 'AUTH PLAIN and m'],
    ] as const) {
      const decoder = new LineDecoder();
      expect(step(decoder, line.slice(0, cut))).toMatch(/^more/);
      expect(step(decoder, line.slice(cut))).toBe(`tooLong "${head}" ${line.length - cut}`);
    }
  });

  it('has no line of an LF alone', () => {
    expect(step(new LineDecoder(), '\n')).toBe('bareNewline "" 1');
    expect(step(new LineDecoder(), '123456\n')).toBe('tooLong "123456" 7');
    expect(step(new LineDecoder(), '\r\n')).toBe('line "" 2');
  });

  it('gives up a line that does not end', () => {
    const decoder = new LineDecoder();
    expect(step(decoder, 'x'.repeat(SWALLOWABLE))).toMatch(/^more/);
    expect(step(decoder, 'x')).toMatch(/^endless/);
  });

  it('forgets', () => {
    const decoder = new LineDecoder();
    step(decoder, 'x'.repeat(50));
    decoder.drop();
    expect(decoder.inLine).toBe(false);
    expect(step(decoder, 'ab\r\n')).toBe('line "ab" 4');
  });
});

describe('the inbox', () => {
  it('queues pieces without joining them, and takes them as one', () => {
    const inbox = new Inbox();
    for (const text of ['ab', '', '\r', '\ncd', 'ef']) inbox.push(octetsOf(text));
    expect(inbox.length).toBe(8);
    expect(inbox.readLine(5, SWALLOWABLE)).toBe('line');
    expect([inbox.line, inbox.inLine, inbox.length]).toEqual(['ab', false, 4]);
    expect(textOf(inbox.take())).toBe('cdef');
    expect([inbox.length, inbox.readLine(5, SWALLOWABLE)]).toEqual([0, 'more']);
    expect(inbox.take()).toHaveLength(0);
  });

  it('drops all of it', () => {
    const inbox = new Inbox();
    for (const text of ['ab', 'cd', 'ef']) inbox.push(octetsOf(text));
    inbox.drop();
    expect(inbox.length).toBe(0);
  });
});

describe('the content decoder', () => {
  it('passes views on where nothing was stuffed', () => {
    const decoder = new ContentDecoder();
    const octets = octetsOf('a\r\nb\r\n');
    expect(decoder.next(octets, 0)).toBe('slice');
    expect(decoder.slice.buffer).toBe(octets.buffer);
    expect(decoder.next(octets, decoder.position)).toBe('more');
    // Nor does it keep the read alive for it.
    expect(decoder.slice).toHaveLength(0);
  });

  it.each(['reject', 'normalize'] as const)('joins short dot lines to one slice under %s', (bareNewlines) => {
    const decoder = new ContentDecoder(bareNewlines);
    const octets = octetsOf('..\r\n'.repeat(10_000) + '..x\r\n.\r\n');
    const slices: string[] = [];
    let position = 0;
    while (decoder.next(octets, position) === 'slice') {
      slices.push(Buffer.from(decoder.slice).toString());
      position = decoder.position;
    }
    expect(slices.join('')).toBe('.\r\n'.repeat(10_000) + '.x\r\n');
    expect(slices).toHaveLength(2);
    expect(position).toBe(octets.length - 3);
  });

  it.each([
    ['a line end', '..\r\n.\r\n', ['slice', 'end'], '.\r\n'],
    ['a bare LF', '..\r\n.\nx\r\n.\r\n', ['slice', 'fault', 'end'], '.\r\n'],
    ['a NUL', '..\r\n.\0\r\n.\r\n', ['slice', 'fault', 'end'], '.\r\n'],
    ['the end of the input', '..\r\n.', ['slice', 'more'], '.\r\n'],
  ])('joins no dot line that begins with %s', (_, text, expected, content) => {
    const decoder = new ContentDecoder();
    const steps: string[] = [];
    let passed = '';
    for (let position = 0; !['end', 'more'].includes(steps.at(-1) ?? ''); position = decoder.position) {
      steps.push(decoder.next(octetsOf(text), position));
      passed += Buffer.from(decoder.slice).toString();
    }
    expect([steps, passed]).toEqual([expected, content]);
  });

  it('leaves alone what comes after the end', () => {
    const decoder = new ContentDecoder();
    expect(decoder.next(octetsOf('.\r\nQUIT\r\n'), 0)).toBe('end');
    expect(decoder.position).toBe(3);
  });

  it('reports the line and the octet of a fault once', () => {
    const decoder = new ContentDecoder();
    const octets = octetsOf('a\r\nb\r\nc\nd\r\n.\r\n');
    const steps = [];
    for (let position = 0, step = ''; step !== 'end'; position = decoder.position) {
      step = decoder.next(octets, position);
      steps.push(step);
    }
    expect(steps).toEqual(['slice', 'fault', 'end']);
    expect(decoder.fault).toEqual({ octet: 'LF', line: 3 });
  });

  it('says nothing but the end once it swallows', () => {
    const decoder = new ContentDecoder();
    decoder.swallow();
    expect(decoder.next(octetsOf('a\n.\n\rb\r.\r\n..\r\n.\r'), 0)).toBe('more');
    expect(decoder.next(octetsOf('x\r\n.'), 0)).toBe('more');
    expect(decoder.next(octetsOf('\r'), 0)).toBe('more');
    expect(decoder.next(octetsOf('\n'), 0)).toBe('end');
  });
});

describe('a reception', () => {
  const options = { bareNewlines: 'reject', scan: new PortableScan(), limits: DEFAULT_LIMITS } as const;

  it('gives no empty content: at the limit the next octet is the refusal', () => {
    const reception = new IncomingContent({ ...options, limits: { ...DEFAULT_LIMITS, messageSize: 2 } });
    expect(reception.next(octetsOf('ab'), 0)).toBe('content');
    expect(reception.refusal).toBeNull();
    expect(reception.next(octetsOf('c'), 0)).toBe('refused');
    expect(reception.refusal?.code).toBe(552);
    expect(reception.size).toBe(2);
  });

  it('keeps its first refusal', () => {
    const reception = IncomingContent.refused(options, reply('unsolicitedBody'));
    reception.refuse(reply('internal'));
    expect(reception.refusal).toBe(reply('unsolicitedBody'));
  });
});

describe('the searches', () => {
  const scan = new PortableScan();

  it.each([
    ['a\r\nb\r\n', 0, 6, -1, 2],
    ['a\r\nb', 0, 4, -1, 1],
    ['\n', 0, 1, 0, 0],
    ['a\n', 0, 2, 1, 0],
    ['\na\r\n', 0, 4, 0, 0],
    ['a\r\n\n', 0, 4, 3, 1],
    ['a\rb', 0, 3, 1, 0],
    ['\r\r\n', 0, 3, 0, 0],
    ['a\r', 0, 2, -1, 0],
    ['a\r\nb\rc', 0, 3, -1, 1],
    ['a\nb\r\n', 2, 5, -1, 1],
    ['ab\n\r\n', 2, 5, 2, 0],
    ['a\r\n.\n', 0, 5, 4, 1],
  ])('bare octets alone in %j [%d, %d): %d after %d lines', (text, from, to, at, lines) => {
    expect(scan.stop(octetsOf(text), from, to, false)).toBe(at);
    expect(scan.lines).toBe(lines);
  });

  it.each([
    ['a\r\n.\n', 0, 5, 3, 1],
    ['a\r\nb\r\n.', 0, 7, 6, 2],
    ['a\r\n.', 0, 3, -1, 1],
    ['.\r\n', 0, 3, -1, 1],
    ['\r\n.', 2, 3, -1, 0],
    ['\n.', 0, 2, 0, 0],
    ['\r.', 0, 2, 0, 0],
    ['a.b\r\n', 0, 5, -1, 1],
    ['a\n\r\n.', 0, 5, 1, 0],
  ])('with dot lines in %j [%d, %d): %d after %d lines', (text, from, to, at, lines) => {
    expect(scan.stop(octetsOf(text), from, to, true)).toBe(at);
    expect(scan.lines).toBe(lines);
  });

  it.each([
    ['a\r\n.b', 0, 3],
    ['\r\n.', 0, 2],
    ['\n.\r\n.', 0, 4],
    ['\r\n.', 1, -1],
    ['a\n.', 0, -1],
    ['a\r\nb', 0, -1],
    ['\r\n', 0, -1],
    ['\r\n.\r\n.', 1, 5],
  ])('dotLine %j from %d: %d', (text, from, at) => {
    expect(scan.dotLine(octetsOf(text), from)).toBe(at);
  });
});

describe('PortableScan', () => {
  it('stops at a CR before NUL, and at a NUL after anything else', () => {
    const scan = new PortableScan();
    expect(scan.stop(octetsOf('a\r\0b\r\n'), 0, 6, true)).toBe(1);
    expect(scan.stop(octetsOf('ab\0b\r\n'), 0, 6, true)).toBe(2);
    expect(scan.stop(octetsOf('\0b\r\n'), 0, 4, true)).toBe(0);
  });
});
