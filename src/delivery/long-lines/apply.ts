import type { Edit } from './edit.js';
import type { Filter } from './filter.js';
import { QuotedPrintableAgain } from './quoted-printable-again.js';
import { QuotedPrintableEncoder } from './quoted-printable.js';
import { Base64Wrap, Fold } from './wrap.js';

const FILTERS: { readonly [Name in Exclude<Edit['change'], 'replace'>]: () => Filter } = {
  'quoted-printable': () => new QuotedPrintableEncoder(),
  'quoted-printable again': () => new QuotedPrintableAgain(),
  'base64 again': () => new Base64Wrap(),
  fold: () => new Fold(),
};

/** Octets that are changed at once: less than a millisecond. */
const STEP = 64 * 1024;

/** Applies edits to a content that passes in pieces. Holds one piece at most. */
export class Editor {
  /** The offset of the next octet. */
  #at = 0;
  #next = 0;
  #filter: Filter | null = null;

  constructor(private readonly edits: readonly Edit[]) {}

  /** Takes the next octets, and yields what they become, piece by piece. */
  *update(octets: Buffer): Generator<Buffer> {
    let rest = octets;
    while (rest.length > 0) {
      const edit = this.edits[this.#next];
      if (edit?.change === 'replace' && edit.from === edit.to && edit.from === this.#at) {
        yield this.#ended(edit);
        continue;
      }
      const until = edit === undefined ? Infinity : this.#at < edit.from ? edit.from : edit.to;
      const piece = rest.subarray(0, Math.min(until - this.#at, edit === undefined ? Infinity : STEP));
      const isEdited = edit !== undefined && this.#at >= edit.from;
      this.#at += piece.length;
      rest = rest.subarray(piece.length);
      if (!isEdited) yield piece;
      else if (edit.change !== 'replace') {
        this.#filter ??= FILTERS[edit.change]();
        const changed = this.#filter.update(piece);
        if (changed.length > 0) yield changed;
      }
      if (isEdited && this.#at === edit.to) yield this.#ended(edit);
    }
  }

  #ended(edit: Edit): Buffer {
    const last = edit.change === 'replace' ? Buffer.from(edit.octets) : this.#filter?.end();
    this.#filter = null;
    this.#next += 1;
    return last ?? Buffer.alloc(0);
  }
}

/** Returns how many octets a message has when the edits are applied. */
export function editedSize(message: Buffer, edits: readonly Edit[]): number {
  let size = 0;
  for (const piece of new Editor(edits).update(message)) size += piece.length;
  return size;
}

/** Applies edits to a content that streams. The event loop has its turn after each step. */
export async function* edited(
  content: AsyncIterable<Uint8Array>,
  edits: readonly Edit[],
): AsyncGenerator<Uint8Array> {
  const editor = new Editor(edits);
  let octetsInTurn = 0;
  for await (const octets of content) {
    const whole = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    for (const piece of editor.update(whole)) {
      if (piece.length > 0) yield piece;
      octetsInTurn += piece.length;
      if (octetsInTurn < STEP) continue;
      octetsInTurn = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
