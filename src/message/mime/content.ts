import { isAscii } from 'node:buffer';
import { decodeCharset, decodeUnlabelled } from '../charset.js';
import { Unreadable, type Work } from './work.js';
import { unflow } from './flowed.js';
import type { Part } from './part.js';
import { decodeBase64, decodeQuotedPrintable } from './transfer.js';

/**
 * Returns the octets of a part without its transfer encoding, exactly: line ends and controls as they were sent. The
 * result is a view of the message if the part was not encoded.
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
 * Returns the text of a part. Its lines end with LF, and its paragraphs are joined if it is `format=flowed` (RFC
 * 3676).
 *
 * @throws Unreadable if the text is too long, or if its character set cannot be decoded
 */
export function partText(message: Buffer, part: Part, work: Work): string {
  const octets = partOctets(message, part);
  work.count('text', octets.length);
  const text = decoded(octets, part);
  if (part.type !== 'text/plain' || part.parameters.get('format')?.toLowerCase() !== 'flowed') return text;
  return unflow(text, part.parameters.get('delsp')?.toLowerCase() === 'yes');
}

const CR = 0x0d;
const LF = 0x0a;
const CRLF = Uint8Array.of(CR, LF);

/** Labels that say no more than no label: the default of a program, whatever it then writes. */
const UNLABELLED = /^(?:us-ascii|ascii|)$/i;

function decoded(octets: Buffer, part: Part): string {
  const charset = (part.parameters.get('charset') ?? '').trim();
  if (UNLABELLED.test(charset)) return decodeUnlabelled(withLf(octets));
  // UTF-16 has its line ends in other octets.
  const hasAsciiLines = decodeCharset(charset, CRLF) === '\r\n';
  const text = decodeCharset(charset, hasAsciiLines ? withLf(octets) : octets);
  if (text !== null) return hasAsciiLines ? text : text.replaceAll('\r\n', '\n');
  // An unknown character set is almost always a superset of ASCII. The two kinds with shift sequences are not.
  if (isAscii(octets) && !octets.includes(0x1b) && !/^hz/i.test(charset))
    return withLf(octets).toString('latin1');
  const name = charset.replace(/[^ -~]/g, '?').slice(0, 40);
  throw new Unreadable('5.6.1', `its text is in the character set ${name}, which cannot be decoded here`);
}

/**
 * Returns the octets with LF for each CRLF. Works on octets, because a replacement in a string remembers each place:
 * millions of short lines took 200 MB.
 */
function withLf(octets: Buffer): Buffer {
  if (!octets.includes('\r\n')) return octets;
  const lines = Buffer.allocUnsafe(octets.length);
  let length = 0;
  for (let at = 0; at < octets.length; at++) {
    const octet = octets[at] as number;
    if (octet !== CR || octets[at + 1] !== LF) lines[length++] = octet;
  }
  return lines.subarray(0, length);
}
