// Invariant: what a client stuffs (RFC 5321 4.5.2), the decoder unstuffs, octet for octet, however it is
// cut; nothing but CRLF.CRLF ends content; and a reference decoder, written octet by octet from the RFC and
// the policy on bare newlines, says the same of any octets at all.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type BareNewlines, ContentDecoder } from '../../src/protocol/index.js';
import { cutAt, places } from './dialogues.js';
import { octetsOf, textOf } from './session-harness.js';

interface Decoded {
  readonly content: string;
  readonly fault: string | null;
  /** The octets after the end; null if there is no end. */
  readonly rest: string | null;
}

function decode(pieces: readonly string[], bareNewlines: BareNewlines): Decoded {
  const decoder = new ContentDecoder(bareNewlines);
  let content = '';
  let fault: string | null = null;
  for (const [i, piece] of pieces.entries()) {
    const octets = octetsOf(piece);
    for (let step = decoder.next(octets, 0); step !== 'more'; step = decoder.next(octets, decoder.position)) {
      if (step === 'end')
        return { content, fault, rest: piece.slice(decoder.position) + pieces.slice(i + 1).join('') };
      if (step === 'fault') fault = `${decoder.fault.octet} ${decoder.fault.line}`;
      else content += textOf(decoder.slice);
    }
  }
  return { content, fault, rest: null };
}

/** The same, a line at a time: only CRLF parts lines, only a line "." ends. */
function reference(octets: string, bareNewlines: BareNewlines): Decoded {
  const lines = octets.split('\r\n');
  const end = lines.indexOf('.', 0);
  const ended = end >= 0 && end < lines.length - 1;
  let content = '';
  for (const [i, line] of (ended ? lines.slice(0, end) : lines).entries()) {
    const text = line.startsWith('.') ? line.slice(1) : line;
    const nul = text.indexOf('\0');
    const rest = ended ? lines.slice(end + 1).join('\r\n') : null;
    if (nul >= 0 && bareNewlines === 'normalize') {
      const passed = content + text.slice(0, nul).replace(/[\r\n]/g, '\r\n');
      return { content: passed, fault: `NUL ${passed.split('\r\n').length}`, rest };
    }
    const bare = /[\r\n\0]/.exec(text);
    if (bare?.[0] === '\0' && bareNewlines === 'reject') {
      return { content: content + text.slice(0, nul), fault: `NUL ${i + 1}`, rest };
    }
    if (bare !== null && bareNewlines === 'reject') {
      // Only the next octet shows that a CR is bare, also after the dot of a stuffed line.
      const cr = bare[0] === '\r';
      const last = !ended && i === lines.length - 1 && bare.index === text.length - 1;
      if (!(cr && last)) {
        const passed = cr && !(line.startsWith('.') && bare.index === 0) ? bare.index + 1 : bare.index;
        return { content: content + text.slice(0, passed), fault: `${cr ? 'CR' : 'LF'} ${i + 1}`, rest };
      }
    }
    const line_ = bareNewlines === 'normalize' ? text.replace(/[\r\n]/g, '\r\n') : text;
    content += i < lines.length - 1 ? line_ + '\r\n' : line_;
  }
  return { content, fault: null, rest: ended ? lines.slice(end + 1).join('\r\n') : null };
}

const lines = fc.array(
  fc.array(fc.constantFrom('.', '..', 'a', ' ', '\x01', '\xff', 'bcd'), { maxLength: 6 }),
  {
    maxLength: 12,
  },
);

it('unstuffing undoes stuffing', () => {
  fc.assert(
    fc.property(lines, places, (list, cuts) => {
      const content = list.map((parts) => parts.join('') + '\r\n').join('');
      const stuffed = content.replace(/^\./gm, '..') + '.\r\nQUIT';
      expect(decode(cutAt(stuffed, cuts), 'reject')).toEqual({ content, fault: null, rest: 'QUIT' });
      expect(decode(Array.from(stuffed), 'normalize')).toEqual({ content, fault: null, rest: 'QUIT' });
    }),
    { numRuns: 2000 },
  );
});

const anything = fc
  .array(fc.constantFrom('\r', '\n', '.', 'a', '\r\n', '\r\n.', 'x.y', '\0'), { maxLength: 20 })
  .map((parts) => parts.join(''));

it.each(['reject', 'normalize'] as const)('any octets decode as the reference says (%s)', (bareNewlines) => {
  fc.assert(
    fc.property(anything, places, (octets, cuts) => {
      const ended = octets + 'z\r\n.\r\nNOOP\r\n';
      const expected = reference(ended, bareNewlines);
      expect(decode([ended], bareNewlines)).toEqual(expected);
      expect(decode(Array.from(ended), bareNewlines)).toEqual(expected);
      expect(decode(cutAt(ended, cuts), bareNewlines)).toEqual(expected);
    }),
    { numRuns: 4000 },
  );
});
