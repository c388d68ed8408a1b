import type { Filter } from './filter.js';

/** RFC 2045 6.8: a line of base64 has 76 characters at most. */
const COLUMNS = 76;

/** Wraps the lines of base64 anew. Nothing changes but its line ends. */
export class Base64Wrap implements Filter {
  #column = 0;
  /** Whether a line end came last: the text then ends with one, too. */
  #ends = false;

  update(piece: Buffer): Buffer {
    const text = piece.toString('latin1');
    if (text !== '') this.#ends = /[\r\n]$/.test(text);
    const characters = text.replace(/[\r\n]+/g, '');
    const lines: string[] = [];
    let at = 0;
    while (at < characters.length) {
      const end = at + COLUMNS - this.#column;
      const line = characters.slice(at, end);
      this.#column += line.length;
      at += line.length;
      if (this.#column < COLUMNS) lines.push(line);
      else {
        lines.push(`${line}\r\n`);
        this.#column = 0;
      }
    }
    return Buffer.from(lines.join(''), 'latin1');
  }

  end(): Buffer {
    return Buffer.from(this.#ends && this.#column > 0 ? '\r\n' : '');
  }
}

/** Octets of a line of text between parts. */
const FOLDED = 900;

/**
 * Folds a line of the text before, between and after the parts of a multipart, which readers ignore (RFC 2046 5.1.1).
 * The space keeps what follows from being a boundary.
 */
export class Fold implements Filter {
  #column = 0;

  update(piece: Buffer): Buffer {
    const pieces: Buffer[] = [];
    for (let at = 0; at < piece.length;) {
      if (this.#column === FOLDED) {
        pieces.push(Buffer.from('\r\n '));
        this.#column = 1;
      }
      const part = piece.subarray(at, at + FOLDED - this.#column);
      this.#column += part.length;
      at += part.length;
      pieces.push(part);
    }
    return Buffer.concat(pieces);
  }

  end(): Buffer {
    return Buffer.alloc(0);
  }
}
