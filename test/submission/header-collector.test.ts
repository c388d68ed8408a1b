/** Invariant: the section that is found does not depend on how the octets of a message are cut. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeaderCollector } from '../../src/message/section.js';

interface Result {
  readonly kind: 'found' | 'tooLong' | 'header alone';
  readonly section: string;
  readonly body: string;
}

/** Returns the result for a message that is given in pieces. Each piece is overwritten as soon as it was taken. */
function collect(pieces: readonly string[], limit: number): Result {
  const collector = new HeaderCollector(limit);
  for (const [index, piece] of pieces.entries()) {
    const octets = Buffer.from(piece, 'latin1');
    const result = collector.add(octets);
    if (result === 'tooLong') return { kind: 'tooLong', section: '', body: '' };
    if (result !== null) {
      const rest = pieces.slice(index + 1).join('');
      return { kind: 'found', section: text(result.section), body: text(result.body) + rest };
    }
    octets.fill(0xee);
  }
  return { kind: 'header alone', section: text(collector.rest()), body: '' };
}

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

/** Returns the expected result, computed from the whole message at once. */
function expected(message: string, limit: number): Result {
  const end = message.startsWith('\r\n') ? 0 : message.indexOf('\r\n\r\n') + 2;
  const whole = end < 2 && !message.startsWith('\r\n');
  const length = whole ? message.length : end + 2;
  if (length > limit) return { kind: 'tooLong', section: '', body: '' };
  if (whole) return { kind: 'header alone', section: message, body: '' };
  return { kind: 'found', section: message.slice(0, end), body: message.slice(end + 2) };
}

const messages = fc
  .array(fc.constantFrom('\r\n', '\r', '\n', 'a: b', 'c', '\r\n\r\n'), { maxLength: 14 })
  .map((parts) => parts.join(''));

function cut(message: string, places: readonly number[]): string[] {
  const at = [...new Set(places.map((place) => place % (message.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, n) => message.slice(from, at[n] ?? message.length)).filter((p) => p !== '');
}

describe('HeaderCollector', () => {
  it('finds the same in every split, at every limit', () => {
    fc.assert(
      fc.property(
        messages,
        fc.array(fc.nat(), { maxLength: 6 }),
        fc.integer({ min: 0, max: 40 }),
        (message, places, limit) => {
          const result = expected(message, limit);
          expect(collect(cut(message, places), limit)).toEqual(result);
          expect(collect(Array.from(message), limit)).toEqual(result);
          expect(collect(message === '' ? [] : [message], limit)).toEqual(result);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('copies nothing if the section comes in one piece', () => {
    const piece = Buffer.from('a: b\r\n\r\nbody');
    const result = new HeaderCollector(100).add(piece);
    if (result === null || result === 'tooLong') throw new Error('not found');
    expect(result.section.buffer).toBe(piece.buffer);
    expect(result.body.buffer).toBe(piece.buffer);
  });
});
