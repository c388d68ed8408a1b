import { Readable } from 'node:stream';
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

/** Opens the content of a shipment for one try. What fails in it fails the stream. */
export async function openContent(
  { size, content }: Pick<Shipment, 'size' | 'content'>,
  events: ContentEvents,
): Promise<Readable> {
  if (size > HELD_OCTETS) return Readable.from(watched(content(), events), { objectMode: false });
  const pieces: Uint8Array[] = [];
  for await (const piece of content()) pieces.push(piece);
  return new Held(pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces), events);
}

/** One piece, given when it is asked for. */
class Held extends Readable {
  constructor(
    private readonly octets: Uint8Array,
    private readonly events: ContentEvents,
  ) {
    super();
  }

  override _read(): void {
    this.events.begun();
    if (this.octets.length > 0) this.push(this.octets);
    this.push(null);
    this.events.ended();
  }
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
