import { isAscii } from 'node:buffer';
import { decodeCharset, decodeUnlabelled } from '../charset.js';
import { Unreadable, type Work } from './fault.js';
import { unflow } from './flowed.js';
import type { Part } from './part.js';
import { decodeBase64, decodeQuotedPrintable } from './transfer.js';

/**
 * The octets of a part without its transfer encoding, exactly: line ends and controls as they were sent. A view of
 * the message if it was not encoded.
 */
export function partOctets(message: Buffer, { start, end, encoding }: Part): Buffer {
  const body = message.subarray(start, end);
  switch (encoding) {
    case 'base64':
      return decodeBase64(body);
    case 'quoted-printable':
      return decodeQuotedPrintable(body);
    case 'identity':
      return body;
  }
}

/**
 * The text of a part, its lines ended by LF, and its paragraphs joined if it is `format=flowed` (RFC 3676).
 *
 * @throws Unreadable if it is too long, or in a character set that cannot be decoded
 */
export function partText(message: Buffer, part: Part, work: Work): string {
  const octets = partOctets(message, part);
  work.count('text', octets.length);
  const text = decoded(octets, part).replaceAll('\r\n', '\n');
  if (part.type !== 'text/plain' || part.parameters.get('format')?.toLowerCase() !== 'flowed') return text;
  return unflow(text, part.parameters.get('delsp')?.toLowerCase() === 'yes');
}

/** The character sets that say no more than nothing: a program's default, whatever it then writes. */
const UNLABELLED = /^(?:us-ascii|ascii|)$/i;

function decoded(octets: Buffer, part: Part): string {
  const charset = (part.parameters.get('charset') ?? '').trim();
  if (UNLABELLED.test(charset)) return decodeUnlabelled(octets);
  const text = decodeCharset(charset, octets);
  if (text !== null) return text;
  // A set that nobody knows is a superset of ASCII, almost always; but not the two kinds with shift sequences.
  if (isAscii(octets) && !octets.includes(0x1b) && !/^hz/i.test(charset)) return octets.toString('latin1');
  const name = charset.replace(/[^ -~]/g, '?').slice(0, 40);
  throw new Unreadable('5.6.1', `its text is in the character set ${name}, which cannot be decoded here`);
}
