import type { Shipment } from '../transport.js';

/**
 * Returns the fields that final delivery adds at the top: Return-Path (RFC 5321 4.4), and a Delivered-To (RFC 9228)
 * for each recipient, since the envelope ends here and a `Bcc` is recorded in no other place.
 */
export function finalTraceFields({ reversePath, recipients }: Shipment): Buffer {
  const delivered = recipients.map(({ forwardPath }) => `Delivered-To: ${forwardPath}\r\n`);
  return Buffer.from(`Return-Path: <${reversePath}>\r\n${delivered.join('')}`);
}

/** Yields content with LF in place of each CRLF, as programs that read a maildir expect. Any other octet stays. */
export async function* unixLines(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = '';
  for await (const piece of content) {
    const text = held + Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1');
    held = text.endsWith('\r') ? '\r' : '';
    yield Buffer.from((held === '' ? text : text.slice(0, -1)).replaceAll('\r\n', '\n'), 'latin1');
  }
  if (held !== '') yield Buffer.from(held);
}

/** Yields one piece, then the others. */
export async function* prepend(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}
