import { asData, type OutgoingContent } from '../../../client/parts.js';
import { readAll } from '../read-content.js';
import type { Shipment } from '../transport.js';

/** Content up to this size, in octets, is held in memory while it is sent, since it then takes one write. */
const HELD_OCTETS = 64 * 1024;

/** The longest line in octets, without its CRLF (RFC 5321 4.5.3.1.6). */
const LINE_OCTETS = 998;

/**
 * Opens the content of a shipment for one attempt: whole if it is short, otherwise as a stream.
 *
 * @param binary whether it goes by BDAT, unchanged
 */
export async function openContent(
  { size, content, whole }: Pick<Shipment, 'size' | 'content' | 'whole'>,
  binary: boolean,
): Promise<OutgoingContent> {
  if (binary) return { form: 'chunk', octets: size, pieces: content() };
  const octets = size > HELD_OCTETS ? null : asData(whole ?? (await readAll(content())));
  return octets === null ? { form: 'stream', pieces: content() } : { form: 'data', octets };
}

/** Returns the same content. Calls `stop` before the last of it is sent if `mayEnd` returns false then. */
export function endingIf(content: OutgoingContent, mayEnd: () => boolean, stop: () => void): OutgoingContent {
  if (content.form === 'data') {
    return {
      form: 'data',
      get octets() {
        if (!mayEnd()) stop();
        return content.octets;
      },
    };
  }
  const { pieces } = content;
  async function* ending(): AsyncGenerator<Uint8Array> {
    yield* pieces;
    if (!mayEnd()) stop();
  }
  return { ...content, pieces: ending() };
}

/**
 * Returns whether content consists of lines that DATA can carry: each ends with CRLF and has 998 octets at most, with
 * no other CR or LF and no NUL (RFC 5321 2.3.8, RFC 6152 3).
 */
export async function isLines(content: AsyncIterable<Uint8Array>): Promise<boolean> {
  let line = 0;
  let afterCr = false;
  let last = 0;
  for await (const piece of content) {
    for (const octet of piece) {
      if (octet === 0 || (octet === LF) !== afterCr) return false;
      afterCr = octet === CR;
      line = octet === LF ? 0 : line + 1;
      // The CR is one octet more, and does not count as part of the line.
      if (line > LINE_OCTETS + (afterCr ? 1 : 0)) return false;
      last = octet;
    }
  }
  return last === LF || (last === 0 && line === 0);
}

const CR = 0x0d;
const LF = 0x0a;
