import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { partOctets } from '../../../src/message/mime/content.js';
import type { Part } from '../../../src/message/mime/part.js';
import { addressesOf, displayOf, readMessage } from '../../../src/message/mime/read.js';
import { HEAD, SHAPES } from './shapes.js';

const hasPython = spawnSync('python3', ['-c', 'import email']).status === 0;

interface Leaf {
  readonly type: string;
  readonly parameters?: Record<string, string>;
  readonly disposition?: string | null;
  readonly fileName?: string | null;
  readonly octets?: string | null;
}

interface Seen {
  readonly leaves: readonly Leaf[];
  readonly subject: string | null;
  readonly to: readonly (readonly [string, string])[];
}

/** Returns what Python's email package finds in these messages. It shares no code with the reader. */
function python(messages: readonly Buffer[]): Seen[] {
  const script = fileURLToPath(new URL('reader.py', import.meta.url));
  const input = messages.map((message) => `${message.toString('base64')}\n`).join('');
  const output = execFileSync('python3', [script], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Seen);
}

function leavesOf(message: Buffer, part: Part): Leaf[] {
  if (part.parts.length > 0) return part.parts.flatMap((each) => leavesOf(message, each));
  if (part.type === 'message/rfc822') return [{ type: part.type }];
  return [
    {
      type: part.type,
      parameters: Object.fromEntries(part.parameters),
      disposition: part.disposition,
      fileName: part.fileName,
      octets: partOctets(message, part).toString('base64'),
    },
  ];
}

describe.skipIf(!hasPython)(
  'the reader finds what the email package of Python finds (skips without python3)',
  () => {
    const names = Object.keys(SHAPES);
    const messages = names.map((name) => Buffer.from(SHAPES[name] ?? '', 'latin1'));
    const seen = hasPython ? python(messages) : [];

    it.each(names.map((name, index) => [name, index] as const))('%s', (_, index) => {
      const message = messages[index] ?? Buffer.alloc(0);
      const { root, fields } = readMessage(message);
      const expected = seen[index];
      expect(leavesOf(message, root).map(comparable)).toEqual(expected?.leaves.map(comparable));
      expect(displayOf(fields, 'subject')).toBe(expected?.subject);
      expect(addressesOf(fields, 'to').map(({ name, address }) => [name, address])).toEqual(expected?.to);
    });

    it('in every transfer encoding, for every octet', () => {
      const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
      const encodings = {
        base64: octets.toString('base64'),
        'quoted-printable': [...octets]
          .map((octet) => `=${octet.toString(16).padStart(2, '0').toUpperCase()}`)
          .join(''),
        '8bit': octets.toString('latin1').replace(/[\0\r\n]/g, ''),
        '7bit': octets.toString('latin1').replace(/[\0\r\n\x80-\xff]/g, ''),
      };
      const made = Object.entries(encodings).map(([encoding, body]) =>
        Buffer.from(
          `${HEAD}Content-Type: application/x-any\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n`,
          'latin1',
        ),
      );
      const expected = python(made);
      for (const [index, message] of made.entries()) {
        const { root } = readMessage(message);
        expect(partOctets(message, root).toString('base64')).toBe(expected[index]?.leaves[0]?.octets);
      }
    });
  },
);

/** Python parses the groups of fields of a delivery status, and so has no octets for it. */
function comparable(leaf: Leaf): Leaf {
  return leaf.type === 'message/delivery-status' ? { ...leaf, octets: null } : leaf;
}
