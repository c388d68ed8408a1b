/** Replaces a secret. It is the same text that `Secret` shows in place of itself. */
const MASK = '[secret]';

/** The number of characters of an encoded secret that are enough to recognise a piece of it. */
const PIECE_LENGTH = 8;

/**
 * Removes secrets from text that a server sent. A server may repeat what the client sent: whole, cut off, folded into
 * lines or in capitals.
 */
export class Redactor {
  readonly #plain: { readonly pattern: RegExp }[] = [];
  /** Every run of {@link PIECE_LENGTH} characters of the encoded secrets, in lower case. */
  readonly #pieces = new Set<string>();
  readonly #short: string[] = [];

  /** Adds a value that is removed wherever it occurs. */
  addSecret(value: string): void {
    if (value !== '') this.#plain.push({ pattern: new RegExp(escaped(value), 'giu') });
  }

  /** Adds a value that is removed only if it stands alone, since it may be part of an ordinary word. */
  addName(value: string): void {
    if (value.length < 3) return;
    this.#plain.push({
      pattern: new RegExp(`(?<![\\p{L}\\p{N}])${escaped(value)}(?![\\p{L}\\p{N}])`, 'giu'),
    });
  }

  /** Adds a secret in base64, as it was sent. */
  addEncoded(value: string): void {
    const text = value.replace(/=+$/, '').toLowerCase();
    if (text.length < PIECE_LENGTH) {
      if (text.length > 1) this.#short.push(value);
      return;
    }
    for (let at = 0; at + PIECE_LENGTH <= text.length; at++)
      this.#pieces.add(text.slice(at, at + PIECE_LENGTH));
  }

  /** Returns the text without the secrets. */
  clean(text: string): string {
    let cleaned = this.#pieces.size === 0 ? text : this.#withoutPieces(text);
    for (const { pattern } of this.#plain) cleaned = cleaned.replace(pattern, MASK);
    for (const value of this.#short) cleaned = cleaned.replaceAll(value, MASK);
    return cleaned;
  }

  #withoutPieces(text: string): string {
    const lower = text.toLowerCase();
    // Some characters have another length in lower case; the indexes of the two texts would then not agree.
    if (lower.length !== text.length) return this.#withoutPieces(text.replace(/[^\0-\x7f]/gu, '?'));
    let cleaned = '';
    let kept = 0;
    for (let at = 0; at + PIECE_LENGTH <= lower.length;) {
      if (!this.#pieces.has(lower.slice(at, at + PIECE_LENGTH))) {
        at++;
        continue;
      }
      let end = at + PIECE_LENGTH;
      while (end < lower.length && this.#pieces.has(lower.slice(end - PIECE_LENGTH + 1, end + 1))) end++;
      while (text[end] === '=') end++;
      cleaned += text.slice(kept, at) + MASK;
      at = kept = end;
    }
    return kept === 0 ? text : cleaned + text.slice(kept);
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
