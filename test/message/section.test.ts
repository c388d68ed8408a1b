import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeaderSection, MalformedHeaderError } from '../../src/message/section.js';

const section = (text: string): HeaderSection => HeaderSection.parse(Buffer.from(text, 'latin1'));
const octets = (header: HeaderSection): string => header.toOctets().toString('latin1');

describe('reading', () => {
  it('finds fields in any case, with white space before the colon', () => {
    const header = section('SUBJECT : one\r\nFrom:a@b\r\nsubject\t:two\r\n');
    expect(header.count('Subject')).toBe(2);
    expect(header.first('subject')?.name).toBe('SUBJECT');
    expect(header.first('subject')?.text()).toBe(' one');
    expect(header.first('FROM')?.text()).toBe('a@b');
    expect(header.first('To')).toBeUndefined();
  });

  it('compares names as letters, not as octets with a bit set', () => {
    expect(section('[a]: x\r\n').count('{a}')).toBe(0);
    expect(section('Subject-Line: x\r\n').count('Subject')).toBe(0);
    expect(section('X_Y: x\r\n').count('x_y')).toBe(1);
  });

  it('unfolds, and keeps the white space of the fold', () => {
    expect(section('A: b\r\n\tc\r\n  d:e\r\n').first('a')?.text()).toBe(' b\tc  d:e');
  });

  it('reads bodies as UTF-8, strictly if asked', () => {
    const header = HeaderSection.parse(Buffer.from('A: ü\r\nB: \xfc\r\n', 'latin1'));
    expect(header.first('B')?.strictText()).toBeNull();
    expect(header.first('B')?.text()).toBe(' \ufffd');
    expect(HeaderSection.parse(Buffer.from('A: ü\r\n')).first('A')?.strictText()).toBe(' ü');
  });

  it('completes a last line without CRLF, and takes an empty section', () => {
    expect(octets(section('A: b'))).toBe('A: b\r\n');
    expect(octets(section(''))).toBe('');
  });

  it.each([
    ['A: b\r\nB: c\rd\r\n', 2],
    ['A: b\r', 1],
    ['no colon here\r\n', 1],
    ['A: b\r\nFrom someone at 12:00\r\n', 2],
    [' continues nothing\r\n', 1],
    ['A: b\r\n c\r\n: no name\r\n', 3],
    ['A: b\r\nN\xe4me: x\r\n', 2],
    ['A: b\r\n\r\nB: c\r\n', 2],
    ['A: b\nB: c\r\n', 1],
    ['A\0: b\r\n', 1],
  ])('refuses %j and names the line', (text, line) => {
    expect(() => section(text)).toThrow(MalformedHeaderError);
    expect(() => section(text)).toThrow(expect.objectContaining({ line }));
  });
});

describe('editing', () => {
  const sample = 'A: 1\r\nB:\t2\r\n  more\r\na : \xff\0\r\nC: 3\r\n';

  it('removes all fields of the names and returns them in the order of the message', () => {
    const header = section(sample);
    const taken = header.take('c', 'A');
    expect(taken.map((field) => field.octets.toString('latin1'))).toEqual([
      'A: 1\r\n',
      'a : \xff\0\r\n',
      'C: 3\r\n',
    ]);
    expect(octets(header)).toBe('B:\t2\r\n  more\r\n');
    expect(header.count('A')).toBe(0);
    expect(header.take('A')).toEqual([]);
  });

  it('puts fields on top and at the end', () => {
    const header = section('A: 1\r\n');
    header.prepend('Y: below\r\n');
    header.prepend('X: on top\r\n');
    header.append('Z: last\r\n');
    expect(octets(header)).toBe('X: on top\r\nY: below\r\nA: 1\r\nZ: last\r\n');
    expect(header.toOctetsWithBlankLine().toString()).toBe(`${octets(header)}\r\n`);
  });

  it('works on a view into the middle of a buffer', () => {
    const inside = Buffer.from('....A: 1\r\n....').subarray(4, 10);
    expect(HeaderSection.parse(new Uint8Array(inside.buffer, inside.byteOffset, 6)).count('a')).toBe(1);
  });
});

// Invariant: whatever is removed, the rest stays as it came, octet for octet and in order.
it('keeps every field that is not taken', () => {
  const name = fc.stringMatching(/^[!-9;-~]{1,4}$/);
  const body = fc
    .array(
      fc.uint8Array({ maxLength: 12 }).map((octets) => Buffer.from(octets).toString('latin1')),
      {
        minLength: 1,
        maxLength: 3,
      },
    )
    .map((lines) => lines.map((line) => line.replace(/[\r\n]/g, '')).join('\r\n '));
  const field = fc.record({ name, gap: fc.constantFrom('', ' ', '\t '), body });
  fc.assert(
    fc.property(fc.array(field, { maxLength: 20 }), fc.array(name, { maxLength: 3 }), (fields, picked) => {
      const names = [...picked, ...fields.slice(0, 2).map((each) => each.name.toUpperCase())];
      const raw = fields.map((each) => `${each.name}${each.gap}:${each.body}\r\n`);
      const header = section(raw.join(''));
      expect(octets(header)).toBe(raw.join(''));
      const gone = (index: number): boolean =>
        names.some((each) => each.toLowerCase() === fields[index]?.name.toLowerCase());
      expect(header.take(...names).map((each) => each.octets.toString('latin1'))).toEqual(
        raw.filter((_, index) => gone(index)),
      );
      expect(octets(header)).toBe(raw.filter((_, index) => !gone(index)).join(''));
    }),
  );
});

// Invariant: any octets either parse and come back as they were, or are malformed.
it('parses any octets or says which line is malformed', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 8 }).map((octets) => Buffer.from(octets)),
    fc.constantFrom('A:', '\r\n', ' ', 'From: x\r\n', '\n', '\r').map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const input = Buffer.concat(pieces);
      let header: HeaderSection;
      try {
        header = HeaderSection.parse(input);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedHeaderError);
        return;
      }
      const whole =
        input.length === 0 || input.at(-1) === 0x0a ? input : Buffer.concat([input, Buffer.from('\r\n')]);
      expect(header.toOctets()).toEqual(whole);
    }),
  );
});

describe('handles hostile sections of 256 KiB', () => {
  const size = 256 * 1024;

  it('removes every other of 65,536 fields', () => {
    const header = section('a:\r\nb:\r\n'.repeat(size / 8));
    expect(header.take('a')).toHaveLength(size / 8);
    expect(header.toOctets()).toHaveLength(size / 2);
  });

  it('unfolds 65,536 folds', () => {
    const header = section(`A:${'\r\n  '.repeat(size / 4)}\r\n`);
    expect(header.first('a')?.text()).toBe(' '.repeat(size / 2));
  });

  it('reads one line of them, named or not', () => {
    expect(() => section('a'.repeat(size))).toThrow('line 1');
    expect(section(`${'a'.repeat(size)}: x`).count('a'.repeat(size))).toBe(1);
  });
});
