/** Reads streamed content into memory. */

export const BLANK_LINE = Buffer.from('\r\n\r\n');

/** Reads all content into memory. Only for content whose size is known to be small. */
export async function readAll(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}

/**
 * Reads the header section with its {@link BLANK_LINE}, and whatever came in the same piece.
 *
 * @param most number of octets after which it stops reading; the piece that passes it is still returned
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
