const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_LIST, CLOSE_LIST] = [0x5b, 0x5d];
const [OPEN_OBJECT, CLOSE_OBJECT] = [0x7b, 0x7d];
const COMMA = 0x2c;

/** How much a text of JSON may have. */
export interface Extent {
  /** Lists and objects within each other. */
  readonly levels: number;
  /** Members of lists and objects, apart from the first of each. */
  readonly values: number;
}

/**
 * Returns whether a text of JSON has more than that.
 *
 * V8 keeps about 70 octets for each open level while it parses, outside of the heap that a thread is bound by: 50 MiB of
 * brackets took 2 GB (`bench/fairness.mjs`). Of a text that is no JSON, it may say either.
 */
export function isBeyond(text: Buffer, { levels, values }: Extent): boolean {
  // A level takes an octet, and so does a comma: most bodies are too short to have so many.
  if (text.length <= levels && text.length <= values) return false;
  let depth = 0;
  let more = 0;
  for (let at = 0; at < text.length; at++) {
    const octet = text[at];
    if (octet === QUOTE) at = endOfString(text, at + 1);
    else if (octet === OPEN_LIST || octet === OPEN_OBJECT) {
      if (++depth > levels) return true;
    } else if (octet === COMMA) {
      if (++more > values) return true;
    } else if (octet === CLOSE_LIST || octet === CLOSE_OBJECT) depth--;
  }
  return false;
}

/** Returns where the quote is that ends a string; the end of the text if none does. */
export function endOfString(text: Buffer, from: number): number {
  for (let quote = text.indexOf(QUOTE, from); quote >= 0; quote = text.indexOf(QUOTE, quote + 1)) {
    let before = quote;
    while (before > from && text[before - 1] === BACKSLASH) before--;
    if ((quote - before) % 2 === 0) return quote;
  }
  return text.length;
}
