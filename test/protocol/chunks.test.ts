// Invariants: a message that comes by BDAT is stored as the same message by DATA is, however it is cut into
// chunks, and its octets into pieces; and what a BDAT declared is never read as a command.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACCEPT, type BareNewlines, PortableScan, Reply } from '../../src/protocol/index.js';
import { ChunkDecoder } from '../../src/protocol/content/chunk-decoder.js';
import { declaredChunk, parseChunkSize } from '../../src/protocol/grammar/chunk-size.js';
import { type Decide, octetsOf, SessionHarness, textOf } from './session-harness.js';

const ENVELOPE = 'EHLO client.example\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n';
const BINARY = ENVELOPE.replace('a@x.example>', 'a@x.example> BODY=BINARYMIME');

/** Texts in which every kind of line end, and dots, are frequent. */
const content = fc
  .array(fc.constantFrom('\r\n', '\r\n', '\r', '\n', '.', 'a', 'bc', '\0', 'NOOP\r\n', '\r\n.\r\n'), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));
/** Numbers to cut by, more than there are octets. */
const places = fc.array(fc.nat(40), { maxLength: 6 });

function cut(text: string, at: readonly number[]): string[] {
  const sorted = [0, ...at.filter((place) => place <= text.length).sort((a, b) => a - b), text.length];
  return sorted.slice(1).map((to, i) => text.slice(sorted[i], to));
}

/** BDAT commands for the chunks, the last of them with LAST. */
function bdat(chunks: readonly string[]): string {
  return chunks
    .map((chunk, i) => `BDAT ${chunk.length}${i === chunks.length - 1 ? ' LAST' : ''}\r\n${chunk}`)
    .join('');
}

function run(octets: string, at: readonly number[], bareNewlines: BareNewlines = 'reject'): SessionHarness {
  const harness = new SessionHarness({ profile: { bareNewlines } }).begin();
  for (const piece of cut(octets, at)) harness.feed(piece);
  return harness;
}

describe('a message by BDAT', () => {
  it('is stored as it is by DATA', () => {
    fc.assert(
      fc.property(content, places, fc.constantFrom('reject', 'normalize'), (text, at, bareNewlines) => {
        // DATA always ends a line: what it cannot say is left out.
        const message = `${text}\r\n`;
        const chunked = run(ENVELOPE + bdat(cut(message, at)), [], bareNewlines);
        // A dot is stuffed behind a CRLF, as a client does that knows no other line end.
        const stuffed = message.replace(/(^|\r\n)\./g, '$1..');
        const whole = run(`${ENVELOPE}DATA\r\n${stuffed}.\r\n`, [], bareNewlines);
        expect(chunked.stored).toEqual(whole.stored);
        expect(chunked.answers.at(-1)).toBe(whole.answers.at(-1));
      }),
    );
  });

  it('is what was sent under BINARYMIME, whatever it was', () => {
    fc.assert(
      fc.property(content, places, fc.constantFrom('reject', 'normalize'), (text, at, bareNewlines) => {
        expect(run(BINARY + bdat(cut(text, at)), [], bareNewlines).stored).toEqual([text]);
      }),
    );
  });

  it('has its line ends judged across chunks', () => {
    fc.assert(
      fc.property(content, places, (text, at) => {
        const octets = ENVELOPE + bdat(cut(text, at));
        const lines = text.replace(/\r\n|\r|\n/g, '\r\n');
        expect(run(octets, [], 'normalize').stored).toEqual(text.includes('\0') ? [] : [lines]);
        const bare = /\r(?!\n)|(?<!\r)\n|\0/.exec(text);
        const answer = run(octets, []).answers.at(-1);
        if (bare === null) expect(answer).toBe('250 2.0.0 Ok: message accepted');
        else {
          const line = text.slice(0, bare.index).split('\r\n').length;
          const what = bare[0] === '\0' ? 'NUL' : bare[0] === '\r' ? 'Bare CR' : 'Bare LF';
          expect(answer).toContain(`${what} in line ${line} `);
        }
      }),
    );
  });

  it('is the same however its octets are cut', () => {
    const pieces = fc.array(fc.nat(300), { maxLength: 10 });
    fc.assert(
      fc.property(content, places, pieces, fc.boolean(), (text, at, cuts, normalize) => {
        const octets = `${ENVELOPE}${bdat(cut(text, at))}NOOP\r\nBDAT 6\r\nQUIT\r\n`;
        const whole = run(octets, [], normalize ? 'normalize' : 'reject');
        const split = run(octets, cuts, normalize ? 'normalize' : 'reject');
        expect(split.events).toEqual(whole.events);
        expect(split.replies).toBe(whole.replies);
      }),
    );
  });
});

describe('what a refused BDAT declared', () => {
  it('is no command, wherever it comes', () => {
    const before = fc.constantFrom(
      '',
      'EHLO c.example\r\n',
      'HELO c.example\r\n',
      'EHLO c.example\r\nMAIL FROM:<>\r\n',
      `${ENVELOPE}BDAT 0 LAST\r\n`,
      `${ENVELOPE}BDAT 3\r\na\nb`,
    );
    const size = fc.constantFrom(' 6', '  6', ' 6 LAST', ' 6 FIRST', ' 006', ' 6  LAST');
    fc.assert(
      fc.property(before, fc.array(size, { maxLength: 5, minLength: 1 }), (before, sizes) => {
        const harness = run(
          `${before}${sizes.map((size) => `BDAT${size}\r\nQUIT\r\n`).join('')}NOOP\r\n`,
          [],
        );
        expect(harness.codes.filter((code) => code === 221)).toEqual([]);
        expect(harness.answers.at(-1)).toBe('250 2.0.0 Ok');
        expect(harness.stored).toHaveLength(before.endsWith('LAST\r\n') ? 1 : 0);
      }),
    );
  });

  it('is answered behind its last octet (RFC 3030 2)', () => {
    const harness = new SessionHarness().begin().feed('EHLO c.example\r\n');
    const heard = harness.answers.length;
    harness.feed('BDAT 4\r\nNOO');
    expect(harness.answers).toHaveLength(heard);
    harness.feed('P');
    expect(harness.answers.slice(heard)).toEqual(['503 5.5.1 Send MAIL first']);
  });
});

describe('the server', () => {
  const slow: Decide = ({ type }) => (type === 'data' ? undefined : ACCEPT);

  it('is asked for the message at its first chunk, and gets what came at once', () => {
    const harness = new SessionHarness({ judge: slow, profile: { limits: { messageSize: 1e9 } } }).begin();
    harness.feed(`${ENVELOPE}BDAT 1000000000\r\nab`);
    expect(harness.waiting).toEqual({ type: 'data' });
    expect(harness.events.at(-1)).toBe('data');
    harness.decide(ACCEPT);
    expect(harness.events.at(-1)).toBe('content ab');
    expect(harness.session.phase).toBe('chunk');
  });

  it('refuses content in the middle of a chunk', () => {
    const harness = new SessionHarness().begin().feed(`${ENVELOPE}BDAT 4\r\nab`);
    harness.session.refuseContent(new Reply(452, '4.3.1', 'Full'));
    harness.session.refuseContent(new Reply(550, '5.0.0', 'Too late'));
    harness.feed('cdBDAT 1 LAST\r\neNOOP\r\n');
    expect(harness.answers.slice(-3)).toEqual(['452 4.3.1 Full', '452 4.3.1 Full', '250 2.0.0 Ok']);
    expect(harness.events.slice(-3)).toEqual(['content ab', 'abort refused', 'refused BDAT 452 4.3.1 Full']);
  });

  it('hears of a client that goes while it decides', () => {
    const harness = new SessionHarness({ judge: slow }).begin();
    harness.feed(`${ENVELOPE}BDAT 5\r\n`);
    harness.session.vanish();
    harness.pump();
    expect(harness.events.slice(-2)).toEqual(['reset', 'close peer']);
  });
});

describe('the chunk decoder', () => {
  it('passes on views of what it was given', () => {
    const decoder = new ChunkDecoder('reject', new PortableScan());
    decoder.begin({ size: 1e9, last: true });
    const octets = octetsOf('a\r\n.\r\n');
    expect(decoder.next(octets, 0)).toBe('slice');
    expect(decoder.slice.buffer).toBe(octets.buffer);
    expect(decoder.next(octets, decoder.position)).toBe('more');
    // Nor does it keep the read alive for it.
    expect(decoder.slice).toHaveLength(0);
  });

  it('leaves alone what comes after the chunk', () => {
    const decoder = new ChunkDecoder('reject', new PortableScan());
    decoder.begin({ size: 3, last: false });
    const octets = octetsOf('ab\r\nQUIT');
    expect([decoder.next(octets, 0), textOf(decoder.slice)]).toEqual(['slice', 'ab\r']);
    expect([decoder.next(octets, 3), decoder.position]).toEqual(['end', 3]);
  });
});

describe('the chunk decoder, with octets that may not stand alone', () => {
  function decoderOf(bareNewlines: BareNewlines): ChunkDecoder {
    const decoder = new ChunkDecoder(bareNewlines, new PortableScan());
    decoder.begin({ size: 100, last: false });
    return decoder;
  }

  it('passes on what comes before a bare LF, and then reports it', () => {
    const decoder = decoderOf('reject');
    const octets = octetsOf('ab\ncd');
    expect([decoder.next(octets, 0), textOf(decoder.slice)]).toEqual(['slice', 'ab']);
    expect([decoder.next(octets, decoder.position), decoder.fault]).toEqual([
      'fault',
      { octet: 'LF', line: 1 },
    ]);
  });

  it('only counts after a fault', () => {
    const decoder = decoderOf('reject');
    const octets = octetsOf('\nab\n');
    expect(decoder.next(octets, 0)).toBe('fault');
    expect([decoder.next(octets, 1), decoder.slice.length]).toEqual(['more', 0]);
  });

  it('passes nothing on if all there is may be half a line end', () => {
    const decoder = decoderOf('normalize');
    expect(decoder.next(octetsOf('\r'), 0)).toBe('more');
    const octets = octetsOf('a');
    expect([decoder.next(octets, 0), textOf(decoder.slice)]).toEqual(['slice', '\r\n']);
    expect([decoder.next(octets, decoder.position), textOf(decoder.slice)]).toEqual(['slice', 'a']);
  });
});

describe('the grammar of BDAT', () => {
  it.each([
    ['0', 0, false],
    ['5', 5, false],
    ['5 LAST', 5, true],
    ['5 last', 5, true],
    ['000000000000000000000005', 5, false],
    ['999999999999999', 999_999_999_999_999, false],
  ])('reads %j', (argument, size, last) => {
    expect(parseChunkSize(argument)).toEqual({ size, last });
    expect(declaredChunk(argument)).toEqual({ size, last });
  });

  it.each([
    [' 5', 5, false],
    ['5  LAST', 5, true],
    ['5 FIRST', 5, false],
    ['5 LASTLY', 5, false],
    ['5 LAST x', 5, false],
  ])('refuses %j, and knows how much follows', (argument, size, last) => {
    expect(parseChunkSize(argument)).toBeNull();
    expect(declaredChunk(argument)).toEqual({ size, last });
  });

  it.each(['', 'LAST', '-1', '+1', '0x10', '1e3', '1.0', '5LAST', '5,6', '1000000000000000', '٣'])(
    'cannot make anything of %j',
    (argument) => {
      expect(parseChunkSize(argument)).toBeNull();
      expect(declaredChunk(argument)).toBeNull();
    },
  );
});
