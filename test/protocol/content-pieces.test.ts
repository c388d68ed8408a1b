/** Content after DATA, given to its decoder in pieces: what each slice holds, and where a fault is found. */
import { describe, expect, it } from 'vitest';
import { type BareNewlines, ContentDecoder, PortableScan } from '../../src/protocol/parts.js';
import { octetsOf, textOf } from './session-harness.js';

/** Returns the slices as texts, and the end or the fault as a word; pieces come one after the other. */
function slicesOf(bareNewlines: BareNewlines, ...pieces: string[]): string[] {
  const decoder = new ContentDecoder(bareNewlines);
  const found: string[] = [];
  for (const piece of pieces) {
    const octets = octetsOf(piece);
    let from = 0;
    for (;;) {
      const step = decoder.next(octets, from);
      from = decoder.position;
      if (step === 'more') break;
      if (step === 'slice') found.push(textOf(decoder.slice));
      if (step === 'fault') found.push(`${decoder.fault.octet} in ${decoder.fault.line}`);
      if (step === 'end') return [...found, 'end'];
    }
  }
  return found;
}

describe('slices', () => {
  it('are joined if they are short and a stuffed line follows, with the lines after it', () => {
    expect(slicesOf('reject', 'x\r\n..a\r\nb\r\n..c\r\n.\r\n')).toEqual(['x\r\n.a\r\nb\r\n.c\r\n', 'end']);
  });

  it('of 512 octets are not joined', () => {
    const line = `${'x'.repeat(510)}\r\n`;
    expect(slicesOf('reject', `${line}..a\r\n.\r\n`)).toEqual([line, '.a\r\n', 'end']);
    expect(slicesOf('reject', `${line.slice(1)}..a\r\n.\r\n`)).toEqual([`${line.slice(1)}.a\r\n`, 'end']);
  });

  it('are joined with lines of less than 512 octets before their CRLF', () => {
    const line = 'y'.repeat(511);
    expect(slicesOf('reject', `..a\r\n..b\r\n${line}\r\n.\r\n`)).toEqual([`.a\r\n.b\r\n${line}\r\n`, 'end']);
    expect(slicesOf('reject', `..a\r\n..b\r\n${line}y\r\n.\r\n`)).toEqual([
      '.a\r\n.b\r\n',
      `${line}y\r\n`,
      'end',
    ]);
  });

  it('are joined as long as the longest such line still has room', () => {
    const lines = `${'x'.repeat(508)}\r\n${`.${'y'.repeat(509)}\r\n`.repeat(30)}.${'z'.repeat(510)}\r\n`;
    const sent = lines.replaceAll('\r\n.', '\r\n..');
    expect(lines).toHaveLength(16_384 - 1);
    expect(slicesOf('reject', `${sent}.\r\n`)).toEqual([lines, 'end']);
  });

  it('are not joined with a line that is longer than all the room', () => {
    const long = `${'z'.repeat(20_000)}\r\n`;
    expect(slicesOf('reject', `x\r\n..a\r\n${long}.\r\n`)).toEqual(['x\r\n.a\r\n', long, 'end']);
  });

  it('are joined up to a limit, and nothing is lost there', () => {
    const line = `.${'y'.repeat(509)}\r\n`;
    const long = `.${'z'.repeat(510)}\r\n`;
    const sent = `\r\n${`.${line}`.repeat(31)}.${long}.\r\n`;
    expect(slicesOf('reject', sent).join('')).toBe(`\r\n${line.repeat(31)}${long}end`);
  });
});

describe('a dot after a line end that the sender did not write', () => {
  it('is content', () => {
    expect(slicesOf('normalize', '\r', '.a\r\n.\r\n').join('')).toBe('\r\n.a\r\nend');
    expect(slicesOf('normalize', 'a\n.\r\nb\r\n.\r\n').join('')).toBe('a\r\n.\r\nb\r\nend');
    expect(slicesOf('normalize', 'a\r.\r\n', '.\r\n').join('')).toBe('a\r\n.\r\nend');
  });
});

describe('a fault', () => {
  it('is found in the first octet of a piece', () => {
    expect(slicesOf('reject', '\0a\r\n.\r\n')).toEqual(['NUL in 1', 'end']);
    expect(slicesOf('reject', '\na\r\n.\r\n')).toEqual(['LF in 1', 'end']);
    expect(slicesOf('reject', 'x\r\n', '\0\r\n.\r\n')).toEqual(['x\r\n', 'NUL in 2', 'end']);
    expect(slicesOf('normalize', '\n\0\r\n.\r\n')).toEqual(['\r\n', 'NUL in 2', 'end']);
  });

  it('comes after the octets before it, in the line in which it is', () => {
    expect(slicesOf('reject', 'x\r\nab\0c\r\n.\r\n')).toEqual(['x\r\nab', 'NUL in 2', 'end']);
    expect(slicesOf('reject', 'x\r\nab\nc\r\n.\r\n')).toEqual(['x\r\nab', 'LF in 2', 'end']);
    expect(slicesOf('reject', 'x\r\nab\rc\r\n.\r\n')).toEqual(['x\r\nab\r', 'CR in 2', 'end']);
    expect(slicesOf('normalize', '\na\nb\0\r\n.\r\n')).toEqual(['\r\na\r\nb', 'NUL in 3', 'end']);
  });

  it('in a line that could have been joined is found all the same', () => {
    for (const [bad, words] of [
      ['\0', 'NUL in 3'],
      ['\n', 'LF in 3'],
    ] as const) {
      expect(slicesOf('reject', `x\r\n..a\r\n.${bad}b\r\n.\r\n`)).toEqual(['x\r\n.a\r\n', words, 'end']);
      expect(slicesOf('reject', `x\r\n.${bad}b\r\n.\r\n`).slice(1)).toEqual([words.replace('3', '2'), 'end']);
    }
    expect(slicesOf('reject', 'x\r\n..a\r\n..b\rc\r\n.\r\n')).toEqual([
      'x\r\n.a\r\n',
      '.b\r',
      'CR in 3',
      'end',
    ]);
  });
});

describe('a CRLF in two pieces', () => {
  it('is a line end, after which a dot ends the content', () => {
    expect(slicesOf('reject', 'a\r', '\n.\r\n').join('')).toBe('a\r\nend');
    expect(slicesOf('normalize', 'a\r', '\n.\r\n').join('')).toBe('a\r\nend');
    expect(slicesOf('reject', 'a\r', '\nb\0\r\n.\r\n')).toEqual(['a\r', '\n', 'b', 'NUL in 2', 'end']);
    expect(slicesOf('normalize', 'a\r', '\nb\0\r\n.\r\n')).toEqual(['a', '\r\n', 'b', 'NUL in 2', 'end']);
  });

  it('that is an LF alone after the end of a piece is none', () => {
    expect(slicesOf('normalize', 'a', '\n.\r\nb\r\n.\r\n').join('')).toBe('a\r\n.\r\nb\r\nend');
  });

  it('of which only the CR came passes nothing on under normalize', () => {
    expect(slicesOf('normalize', '\r')).toEqual([]);
    expect(slicesOf('reject', '\r')).toEqual(['\r']);
  });
});

it('a piece that is content as a whole is passed on as it is', () => {
  const decoder = new ContentDecoder('reject');
  const octets = octetsOf('abc');
  expect([decoder.next(octets, 0), decoder.slice === octets]).toEqual(['slice', true]);
});

it('the search finds what comes first, also in the first octet', () => {
  const scan = new PortableScan();
  const stop = (text: string): number => scan.stop(octetsOf(text), 0, text.length, true);
  expect([stop('\na\0'), stop('\ra\0'), stop('\0a\n'), stop('a\0\n'), stop('abc')]).toEqual([0, 0, 0, 1, -1]);
});
