import type MimeNode from 'nodemailer/lib/mime-node';
import * as qp from 'nodemailer/lib/qp';

/** Octets of a line of base64, and what it encodes (RFC 2045 6.8). */
const LINE = 76;
const LINE_CONTENT = (LINE / 4) * 3;

/** Octets that are written later: a content of which the lines of base64 are made. */
class Base64Lines {
  readonly length: number;

  constructor(private readonly content: Buffer) {
    const text = Math.ceil(content.length / 3) * 4;
    this.length = text + 2 * Math.max(0, Math.ceil(text / LINE) - 1);
  }

  writeTo(target: Buffer, start: number): void {
    for (let from = 0, to = start; from < this.content.length; from += LINE_CONTENT) {
      if (from > 0) to += target.write('\r\n', to, 'latin1');
      to += target.write(this.content.toString('base64', from, from + LINE_CONTENT), to, 'latin1');
    }
  }
}

type Piece = Buffer | Base64Lines;

/**
 * Returns the octets of a message that nodemailer has compiled.
 *
 * `node.build()` gives every part to a chain of streams, which takes about a third of what the event loop's thread does
 * for a request of 1 KB (`bench/api.mjs`), and a millisecond for each attachment. So a message is written by the functions
 * that these streams call, at once. Attachments are encoded where they stand in the message, so that a large one is in
 * memory twice, and not four times.
 *
 * @param node the root of the tree
 */
export function writtenMessage(node: MimeNode): Buffer {
  const pieces: Piece[] = [];
  writePart(node, pieces);
  const last = pieces.at(-1);
  if (last instanceof Base64Lines || last?.at(-1) !== LF) pieces.push(Buffer.from('\r\n'));
  const [only] = pieces;
  return pieces.length === 1 && only instanceof Buffer ? only : joined(pieces);
}

const LF = 0x0a;

function joined(pieces: readonly Piece[]): Buffer {
  const message = Buffer.allocUnsafe(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    if (piece instanceof Base64Lines) piece.writeTo(message, at);
    else message.set(piece, at);
    at += piece.length;
  }
  return message;
}

function writePart(node: MimeNode, pieces: Piece[]): void {
  // A node knows its boundary once its header section is made.
  const header = node.buildHeaders();
  const { boundary, childNodes } = node;
  if (typeof boundary !== 'string') {
    const content = encoded(node);
    if (typeof content === 'string') pieces.push(Buffer.from(`${header}\r\n\r\n${content}`));
    else pieces.push(Buffer.from(`${header}\r\n\r\n`), content);
    return;
  }
  let before = `${header}\r\n\r\n`;
  for (const child of childNodes) {
    pieces.push(Buffer.from(`${before}--${boundary}\r\n`));
    writePart(child, pieces);
    before = '\r\n';
  }
  pieces.push(Buffer.from(`\r\n--${boundary}--\r\n`));
}

function encoded(node: MimeNode): string | Piece {
  const { content = '' } = node;
  if (typeof content !== 'string' && !Buffer.isBuffer(content)) throw new TypeError('a content is no octets');
  switch (node.getHeader('Content-Transfer-Encoding')) {
    case 'quoted-printable':
      return quotedPrintable(withCrlf(content));
    case 'base64':
      return new Base64Lines(typeof content === 'string' ? Buffer.from(content) : content);
    default:
      return withCrlf(content);
  }
}

/**
 * Encodes content as quoted-printable, in lines of at most 76 octets.
 *
 * @param content with CRLF at the end of each line
 */
export function quotedPrintable(content: string | Buffer): string {
  // Encoding looks at each octet, which takes longer than all else about a text that has nothing to encode.
  const isEncoded = typeof content === 'string' && !/[^\t\r\n -<>-~]|[\t ](?:[\r\n]|$)/.test(content);
  return qp.wrap(isEncoded ? content : qp.encode(content));
}

/** Ends lines with CRLF alone, as the content of a message does (RFC 5322 2.3). */
export function withCrlf<Content extends string | Buffer>(content: Content): Content;
export function withCrlf(content: string | Buffer): string | Buffer {
  if (typeof content === 'string') return content.replace(/\r\n?|\n/g, '\r\n');
  return Buffer.from(withCrlf(content.toString('latin1')), 'latin1');
}
