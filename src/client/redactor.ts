/** What stands in place of a secret. As `Secret` shows itself. */
const MASK = '[secret]';

/** Characters of an encoded secret that are enough to know a piece of it. */
const PIECE = 8;

/**
 * Takes secrets out of text that a server sent. A server may repeat what it was given, whole, cut off, folded into
 * lines or in capitals.
 */
export class Redactor {
  readonly #plain: { readonly pattern: RegExp }[] = [];
  /** Every run of {@link PIECE} characters of the encoded secrets, in lower case. */
  readonly #pieces = new Set<string>();
  readonly #short: string[] = [];

  /** A value that is secret wherever it occurs. */
  addSecret(value: string): void {
    if (value !== '') this.#plain.push({ pattern: new RegExp(escaped(value), 'giu') });
  }

  /** A value that is kept back if it stands alone, and that may be part of an innocent word. */
  addName(value: string): void {
    if (value.length < 3) return;
    this.#plain.push({
      pattern: new RegExp(`(?<![\\p{L}\\p{N}])${escaped(value)}(?![\\p{L}\\p{N}])`, 'giu'),
    });
  }

  /** A secret in base64, as it was sent. */
  addEncoded(value: string): void {
    const text = value.replace(/=+$/, '').toLowerCase();
    if (text.length < PIECE) {
      if (text.length > 1) this.#short.push(value);
      return;
    }
    for (let at = 0; at + PIECE <= text.length; at++) this.#pieces.add(text.slice(at, at + PIECE));
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
    // Some characters have another length in lower case; then places would not fit.
    if (lower.length !== text.length) return this.#withoutPieces(text.replace(/[^\0-\x7f]/gu, '?'));
    let cleaned = '';
    let kept = 0;
    for (let at = 0; at + PIECE <= lower.length;) {
      if (!this.#pieces.has(lower.slice(at, at + PIECE))) {
        at++;
        continue;
      }
      let end = at + PIECE;
      while (end < lower.length && this.#pieces.has(lower.slice(end - PIECE + 1, end + 1))) end++;
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
