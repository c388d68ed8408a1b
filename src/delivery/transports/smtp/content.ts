import { Readable } from 'node:stream';
import { readAll } from '../read-content.js';
import type { Shipment } from '../transport.js';

/** Content up to this is held in memory while it is sent, in octets: it costs one write. */
const HELD_OCTETS = 64 * 1024;

/** RFC 5321 4.5.3.1.6, without the CRLF. */
const LINE_OCTETS = 998;

/** Told of how content goes out. */
export interface ContentEvents {
  /** The far side has said that it wants it: from here on nobody can tell what it has taken. */
  begun(): void;
  /** All of it has been read. */
  ended(): void;
}

/**
 * Opens the content of a shipment for one try: as {@link asData} makes it where it is short, else as a stream. What
 * fails in it fails the stream.
 */
export async function openContent(
  { size, content, whole }: Pick<Shipment, 'size' | 'content' | 'whole'>,
  events: ContentEvents,
): Promise<Buffer | Readable> {
  const data = size > HELD_OCTETS ? null : asData(whole ?? (await readAll(content())));
  return data ?? Readable.from(watched(content(), events), { objectMode: false });
}

/**
 * Content as DATA carries it (RFC 5321 4.5.2): a dot more where a line begins with one, and the line that ends it.
 * Null where a CR or LF stands alone: what becomes of those is for nodemailer's stream.
 */
export function asData(content: Uint8Array): Buffer | null {
  let dots = 0;
  let before = LF;
  let ends = false;
  for (const octet of content) {
    if (octet === LF ? before !== CR : before === CR) return null;
    if (octet === DOT && before === LF) dots++;
    before = octet;
    ends = octet === LF;
  }
  if (before === CR) return null;
  const end = ends ? END : LINE_END_AND_END;
  const data = Buffer.allocUnsafe(content.length + dots + end.length);
  let at = 0;
  if (dots === 0) {
    data.set(content);
    at = content.length;
  } else {
    before = LF;
    for (const octet of content) {
      if (octet === DOT && before === LF) data[at++] = DOT;
      data[at++] = octet;
      before = octet;
    }
  }
  data.set(end, at);
  return data;
}

async function* watched(
  content: AsyncIterable<Uint8Array>,
  events: ContentEvents,
): AsyncGenerator<Uint8Array> {
  events.begun();
  yield* content;
  events.ended();
}

/**
 * Whether content is made of lines as DATA carries them: each ends with CRLF and has 998 octets at most, with
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
      // The CR is one more, and not of the line.
      if (line > LINE_OCTETS + (afterCr ? 1 : 0)) return false;
      last = octet;
    }
  }
  return last === LF || (last === 0 && line === 0);
}

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;
const END = Buffer.from('.\r\n');
const LINE_END_AND_END = Buffer.from('\r\n.\r\n');
