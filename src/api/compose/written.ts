import * as base64 from 'nodemailer/lib/base64';
import type MimeNode from 'nodemailer/lib/mime-node';
import * as quotedPrintable from 'nodemailer/lib/qp';

/** Octets of attachments up to which a message is written at once. */
const MOST_ATTACHED = 64 * 1024;

/**
 * Returns the octets of a message that nodemailer has compiled.
 *
 * `node.build()` gives every part to a chain of streams, which takes about a third of what the event loop's thread does
 * for a request of 1 KB (`bench/api.mjs`), and a millisecond for each attachment. So a message of moderate size is
 * written by the functions that these streams call, at once.
 *
 * @param node the root of the tree
 * @param attached octets of all attachments
 */
export function writtenMessage(node: MimeNode, attached: number): Buffer | Promise<Buffer> {
  if (attached > MOST_ATTACHED) return node.build();
  const pieces: Buffer[] = [];
  writePart(node, pieces);
  if (pieces.at(-1)?.at(-1) !== LF) pieces.push(Buffer.from('\r\n'));
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}

const LF = 0x0a;

function writePart(node: MimeNode, pieces: Buffer[]): void {
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

function encoded(node: MimeNode): string | Buffer {
  const { content = '' } = node;
  if (typeof content !== 'string' && !Buffer.isBuffer(content)) throw new TypeError('a content is no octets');
  switch (node.getHeader('Content-Transfer-Encoding')) {
    case 'quoted-printable':
      return quotedPrintable.wrap(quotedPrintable.encode(withCrlf(content)));
    case 'base64':
      return base64.wrap(base64.encode(content));
    default:
      return withCrlf(content);
  }
}

/** Ends lines with CRLF alone, as the content of a message does (RFC 5322 2.3). */
export function withCrlf<Content extends string | Buffer>(content: Content): Content;
export function withCrlf(content: string | Buffer): string | Buffer {
  if (typeof content === 'string') return content.replace(/\r\n?|\n/g, '\r\n');
  return Buffer.from(withCrlf(content.toString('latin1')), 'latin1');
}
