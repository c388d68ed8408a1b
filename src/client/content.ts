import { Buffer } from 'node:buffer';

const LF = 0x0a;
const DOT = 0x2e;
const END = Buffer.from('.\r\n', 'latin1');
const CRLF_END = Buffer.from('\r\n.\r\n', 'latin1');

/**
 * Content, or the end of it, as DATA takes it: a dot more before each line that begins with one, and the final
 * `CRLF.CRLF` (RFC 5321 4.5.2). The content begins a line.
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
