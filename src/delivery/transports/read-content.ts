/** Content that streams, read into memory. */

export const BLANK_LINE = Buffer.from('\r\n\r\n');

/** All of it: for who knows its size. */
export async function readAll(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}

/**
 * The header section with its {@link BLANK_LINE}, and what came along with that.
 *
 * @param most octets after which nobody reads on; a piece more than that may come
 */
export async function readHead(content: AsyncIterable<Uint8Array>, most: number): Promise<Buffer> {
  let held = Buffer.alloc(0);
  for await (const piece of content) {
    const from = Math.max(0, held.length - BLANK_LINE.length);
    held = Buffer.concat([held, piece]);
    if (held.length > most || held.includes(BLANK_LINE, from)) break;
  }
  return held;
}
