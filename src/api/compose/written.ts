import type MimeNode from 'nodemailer/lib/mime-node';
import * as qp from 'nodemailer/lib/qp';
import { JoinedText } from '../../base/joined-text.js';

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
    pieces.push(Buffer.from(`${header}\r\n\r\n`));
    for (const piece of encoded(node)) pieces.push(piece);
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

/** Yields the content of a part as it is written; that of a long text in pieces. */
function* encoded(node: MimeNode): Iterable<Piece> {
  const { content = '' } = node;
  if (typeof content !== 'string' && !Buffer.isBuffer(content)) throw new TypeError('a content is no octets');
  const encoding = node.getHeader('Content-Transfer-Encoding');
  if (encoding === 'base64') yield new Base64Lines(typeof content === 'string' ? octetsOf(content) : content);
  else if (typeof content === 'string') {
    for (const piece of piecesOf(content)) {
      const lines = withCrlf(piece);
      yield Buffer.from(encoding === 'quoted-printable' ? quotedPrintable(lines) : lines);
    }
  } else {
    const lines = Buffer.from(withCrlf(content.toString('latin1')), 'latin1');
    yield encoding === 'quoted-printable' ? Buffer.from(qp.wrap(qp.encode(lines))) : lines;
  }
}

function octetsOf(text: string): Buffer {
  return Buffer.concat(Array.from(piecesOf(text), (piece) => Buffer.from(withCrlf(piece))));
}

/**
 * Encodes a text as quoted-printable, in lines of at most 76 octets.
 *
 * @param content with CRLF at the end of each line
 */
export function quotedPrintable(content: string): string {
  // Encoding looks at each octet, which takes longer than all else about a text that has nothing to encode.
  const isEncoded = !/[^\t\r\n -<>-~]|[\t ](?:[\r\n]|$)/.test(content);
  return inPieces(content, (piece) => qp.wrap(isEncoded ? piece : qp.encode(piece)));
}

/** Ends lines with CRLF alone, as the content of a message does (RFC 5322 2.3). */
export function withCrlf(content: string): string {
  return inPieces(content, (piece) => piece.replace(/\r\n?|\n/g, '\r\n'));
}

function inPieces(text: string, change: (piece: string) => string): string {
  if (text.length <= PIECE) return change(text);
  const changed = new JoinedText();
  for (const piece of piecesOf(text)) changed.add(change(piece));
  return changed.text;
}

/** Characters of a piece at least, if there are so many. */
const PIECE = 64 * 1024;

/**
 * Yields a text in pieces of whole lines.
 *
 * What changes each line of a text of 50 MiB at once has a list of all its lines meanwhile, which takes many times the memory
 * of the text. If a thread has not that much, V8 may end the whole process.
 */
function* piecesOf(text: string): Iterable<string> {
  const lineEnd = /\r\n?|\n/g;
  for (let from = 0; from < text.length;) {
    lineEnd.lastIndex = from + PIECE;
    const end = lineEnd.test(text) ? lineEnd.lastIndex : text.length;
    yield text.slice(from, end);
    from = end;
  }
}
