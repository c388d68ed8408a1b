import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { edited, Editor } from '../../../src/delivery/long-lines/apply.js';
import { withoutLongLines } from '../../../src/delivery/long-lines/outgoing.js';
import { type LongLinesPlan, planLongLines } from '../../../src/delivery/long-lines/plan.js';
import { QuotedPrintableAgain } from '../../../src/delivery/long-lines/quoted-printable-again.js';
import { ContentWorkers } from '../../../src/delivery/workers/workers.js';
import { partOctets } from '../../../src/message/mime/content.js';
import type { Part } from '../../../src/message/mime/part.js';
import { readMessage } from '../../../src/message/mime/read.js';
import { decodeQuotedPrintable } from '../../../src/message/mime/transfer.js';
import type { Lease } from '../../../src/store/queue.js';

const HEAD = 'From: app@example.com\r\nSubject: Hi\r\n';
const MIME = `${HEAD}MIME-Version: 1.0\r\n`;
const LONG = 'a long line '.repeat(100);

const plan = (message: Buffer): LongLinesPlan => planLongLines(null, message).value;

/** The message with its edits, in pieces of this size. */
function apply(message: Buffer, { edits, size }: LongLinesPlan, piece = message.length): Buffer {
  const editor = new Editor(edits);
  const pieces: Buffer[] = [];
  for (let at = 0; at < message.length; at += piece) {
    for (const octets of editor.update(message.subarray(at, at + piece))) pieces.push(Buffer.from(octets));
  }
  const result = Buffer.concat(pieces);
  expect(result.length).toBe(size);
  return result;
}

function reencoded(text: string): { readonly result: string; readonly left: readonly string[] } {
  const message = Buffer.from(text, 'latin1');
  const planned = plan(message);
  return { result: apply(message, planned).toString('latin1'), left: planned.left };
}

interface Leaf {
  readonly part: Part;
  readonly octets: Buffer;
  readonly written: Buffer;
}

function leaves(message: Buffer, part = readMessage(message).root): Leaf[] {
  if (part.parts.length > 0) return part.parts.flatMap((each) => leaves(message, each));
  return [{ part, octets: partOctets(message, part), written: message.subarray(part.start, part.end) }];
}

function longest(octets: Buffer): number {
  return Math.max(
    ...octets
      .toString('latin1')
      .split('\r\n')
      .map((line) => line.length),
  );
}

/** Some text of octets in which each kind of octet is likely, in lines of any length. */
const word = fc.constantFrom(
  'x',
  ' ',
  '\t',
  '=',
  '-',
  '--b',
  '--in',
  '.',
  '\xe9',
  '=3D',
  'From ',
  '\x01',
  '\x7f',
);
const line = fc.oneof(
  { weight: 3, arbitrary: fc.array(word, { maxLength: 8 }).map((words) => words.join('')) },
  fc
    .tuple(fc.array(word, { minLength: 1, maxLength: 8 }), fc.integer({ min: 100, max: 1200 }))
    .map(([words, length]) => words.join('').repeat(length).slice(0, 1600)),
);
const text = fc.array(line, { maxLength: 5 }).map((lines) => lines.map((each) => `A${each}`).join('\r\n'));

/** Quoted-printable as a bad program makes it: in lines that are too long. */
const quoted = text.map((octets) =>
  octets
    .replace(/[^!-<>-~ \r\n]/g, (one) => `=${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
    .replace(/ (?=\r\n|$)/g, '=20')
    .replaceAll('A=', 'A=\r\n='),
);
const base64 = text.map((octets) => Buffer.from(octets, 'latin1').toString('base64'));

const leaf = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', 'Content-Transfer-Encoding: 8bit\r\n', 'content-transfer-encoding:\r\n 7BIT\r\n'),
      text,
    )
    .map(([encoding, body]) => `Content-Type: text/plain; charset=iso-8859-1\r\n${encoding}\r\n${body}`),
  text.map((body) => `Content-Type: application/x-data\r\nContent-Transfer-Encoding: binary\r\n\r\n${body}`),
  quoted.map((body) => `Content-Transfer-Encoding: quoted-printable\r\n\r\n${body}`),
  base64.map(
    (body) => `Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}`,
  ),
  text.map((body) => `\r\n${body}`),
);
const multipart = (boundary: string, part: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(text, fc.array(part, { minLength: 1, maxLength: 3 }), text)
    .map(
      ([preamble, parts, epilogue]) =>
        `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n${preamble}\r\n` +
        parts.map((each) => `--${boundary}\r\n${each}\r\n`).join('') +
        `--${boundary}--\r\n${epilogue}`,
    );
const message = fc
  .tuple(fc.constantFrom(HEAD, MIME), fc.oneof(leaf, multipart('b', fc.oneof(leaf, multipart('in', leaf)))))
  .map(([head, body]) => Buffer.from(`${head}${body}\r\n`, 'latin1'));

describe('parts with long lines', () => {
  it('are encoded anew, and say the same, for every structure and however the octets are cut', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 1, max: 3000 }), (before, piece) => {
        const planned = plan(before);
        const after = apply(before, planned);
        expect(apply(before, planned, piece).equals(after)).toBe(true);
        expect(longest(after)).toBeLessThanOrEqual(998);
        expect(planned.left).toEqual([]);
        expect(plan(after).edits).toEqual([]);
        const [old, now] = [leaves(before), leaves(after)];
        expect(now.length).toBe(old.length);
        for (const [index, { part, octets, written }] of now.entries()) {
          const was = old[index] as Leaf;
          expect(octets.equals(was.octets)).toBe(true);
          expect([part.type, part.parameters]).toEqual([was.part.type, was.part.parameters]);
          if (longest(was.written) > 998) expect(longest(written)).toBeLessThanOrEqual(76);
          else expect(written.equals(was.written)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('in quoted-printable of any kind decode as before, however the octets are cut', () => {
    const piece = fc.constantFrom(
      '=',
      ' ',
      '\t',
      '\r',
      '\n',
      '\r\n',
      '=\r\n',
      '=3D',
      '4',
      'a',
      'G',
      '\xe9',
      '-',
    );
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat({ max: 4 }), { minLength: 1 }), (pieces, cuts) => {
        const octets = Buffer.from(pieces.join(''), 'latin1');
        const again = new QuotedPrintableAgain();
        const made: Buffer[] = [];
        for (let at = 0, cut = 0; at < octets.length; cut++) {
          const end = at + (cuts[cut % cuts.length] ?? 0) + 1;
          made.push(Buffer.from(again.update(octets.subarray(at, end))));
          at = end;
        }
        const encoded = Buffer.concat([...made, again.end()]);
        expect(decodeQuotedPrintable(encoded)).toEqual(decodeQuotedPrintable(octets));
      }),
      { numRuns: 2000 },
    );
  });

  const hasPython = spawnSync('python3', ['-c', 'import email']).status === 0;
  it.skipIf(!hasPython)('say the same to the email package of Python (skips without python3)', () => {
    const before = fc.sample(message, { numRuns: 150, seed: 14 });
    const script = fileURLToPath(new URL('../../message/mime/reader.py', import.meta.url));
    const read = (messages: readonly Buffer[]): string[] =>
      execFileSync('python3', [script], {
        input: messages.map((each) => `${each.toString('base64')}\n`).join(''),
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      }).split('\n');
    const seen = read(before);
    expect(read(before.map((each) => apply(each, plan(each))))).toEqual(seen);
    expect(seen.filter((each) => each.includes('"octets": "')).length).toBeGreaterThan(100);
  });

  it('become quoted-printable, with the fields that say so', () => {
    const { result } = reencoded(`${HEAD}\r\n${LONG}\r\nshort \r\n`);
    expect(result).toMatch(
      /^From: .*\r\nSubject: Hi\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na long line /,
    );
    expect(result).toMatch(/=\r\n.*=20\r\nshort=20\r\n$/);
  });

  it('never get a line that looks like a boundary', () => {
    const body = `${'x'.repeat(75)}--b--${'x'.repeat(75)}`.repeat(20);
    const { result } = reencoded(
      `${MIME}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${body}\r\n--b--\r\n`,
    );
    expect(result.split('\r\n').filter((each) => each.startsWith('--'))).toEqual(['--b', '--b--']);
  });
});

describe('long lines stay', () => {
  it.each([
    ['a header section', `${MIME}X-Long: ${LONG}\r\n\r\nHello\r\n`, 'a header section'],
    [
      'a signed part',
      `${MIME}Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n${LONG}\r\n--b--\r\n`,
      'multipart/signed',
    ],
    [
      'an encrypted part',
      `${MIME}Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\n${LONG}\r\n--b--\r\n`,
      'multipart/encrypted',
    ],
    ['S/MIME', `${MIME}Content-Type: application/pkcs7-mime\r\n\r\n${LONG}\r\n`, 'application/pkcs7-mime'],
    [
      'a message in the message',
      `${MIME}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n\r\n${LONG}\r\n--b--\r\n`,
      'message/rfc822',
    ],
    [
      'a multipart without its boundary',
      `${MIME}Content-Type: multipart/mixed; boundary=c\r\n\r\n${LONG}\r\n`,
      'a multipart without parts',
    ],
    [
      'an unknown encoding',
      `${MIME}Content-Transfer-Encoding: x-uuencode\r\n\r\n${LONG}\r\n`,
      'a part in an unknown encoding',
    ],
    [
      'the padding of a boundary',
      `${MIME}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b${' '.repeat(1000)}\r\n\r\nHello\r\n--b--\r\n`,
      'a boundary',
    ],
  ])('in %s, and it is said', (_, octets, why) => {
    expect(reencoded(octets)).toEqual({ result: octets, left: [why] });
  });

  it('where another part is encoded anew', () => {
    const sealed = `Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n${LONG}\r\n--s--\r\n`;
    const { result, left } = reencoded(
      `${MIME}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${sealed}\r\n--b\r\n\r\n${LONG}\r\n--b--\r\n`,
    );
    expect(left).toEqual(['multipart/signed']);
    expect(result).toContain(sealed);
    expect(result).toContain('quoted-printable');
  });
});

describe('withoutLongLines', () => {
  const needs = { eightBit: false, utf8Header: false, binary: false, longLines: true };
  const leaseOf = (more: object): Lease =>
    ({ domain: { id: 1, name: 'example.com' }, needs, ...more }) as Lease;
  const stored = (octets: Buffer): { size: number; content: () => AsyncGenerator<Uint8Array> } => ({
    size: octets.length,
    async *content() {
      for (let at = 0; at < octets.length; at += 100_000) yield octets.subarray(at, at + 100_000);
    },
  });
  const open = (): ContentWorkers => {
    const workers = new ContentWorkers();
    onTestFinished(() => workers.close());
    return workers;
  };
  const all = async (content: AsyncIterable<Uint8Array>): Promise<Buffer> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    return Buffer.concat(pieces);
  };

  it('gives the content as often as it is asked for, with its size, and says what it did', async () => {
    const octets = Buffer.from(`${HEAD}\r\n${LONG.repeat(1000)}\r\n`);
    const seen: unknown[] = [];
    const outgoing = await withoutLongLines(leaseOf({}), stored(octets), open(), (_, ...rest) =>
      seen.push(rest),
    );
    const first = await all(outgoing.content());
    expect(first.length).toBe(outgoing.size);
    expect((await all(outgoing.content())).equals(first)).toBe(true);
    expect(longest(first)).toBeLessThanOrEqual(76);
    expect(seen).toEqual([[1, []]]);
  });

  it('lets the event loop have its turn while a long line passes', async () => {
    const octets = Buffer.from('\xe9'.repeat(8 * 1024 * 1024), 'latin1');
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    onTestFinished(() => clearInterval(timer));
    const edits = [{ from: 0, to: octets.length, change: 'quoted-printable' as const }];
    let pieces = 0;
    for await (const piece of edited(stored(octets).content(), edits)) {
      pieces += 1;
      expect(piece.length).toBeLessThan(512 * 1024);
    }
    expect(turns).toBeGreaterThan(pieces / 10);
  });

  it.each([
    ['has no long lines', { needs: { ...needs, longLines: false } }],
    ['goes by BINARYMIME', { needs: { ...needs, binary: true } }],
    ['is of a version that did not look', { needs: null }],
  ])('leaves a message that %s', async (_, lease) => {
    const content = stored(Buffer.from(`${HEAD}\r\n${LONG}\r\n`));
    expect(await withoutLongLines(leaseOf(lease), content, open(), () => {})).toBe(content);
  });

  it('leaves a message that cannot be parsed within the limits, and says so', async () => {
    const nested = Array.from(
      { length: 300 },
      (_, at) => `Content-Type: multipart/mixed; boundary=b${at}\r\n\r\n--b${at}\r\n`,
    ).join('');
    const content = stored(Buffer.from(`${HEAD}${nested}\r\n${LONG}\r\n`));
    const seen: string[] = [];
    const observe = (_: Lease, __: number, left: readonly string[]): number => seen.push(...left);
    expect(await withoutLongLines(leaseOf({}), content, open(), observe)).toBe(content);
    expect(seen.join()).toMatch(/nested more than/);
  });
});
