/**
 * Pairs of words that stand together, as words of the index of their own.
 *
 * To find two words one after the other, FTS5 goes through the messages that have both and compares the places. If both
 * words are in most messages and never stand together, it goes through all of them: 85 ms with a million messages
 * (`bench/store-listing.mjs`). A word for the pair is found, or not found, at once.
 *
 * A pair is a hash of its first word and the beginning of its second one, so that the beginning of a word can be asked
 * for. Pairs whose first word is likely to be in one message alone, such as a number of an order, have no word: FTS5 finds
 * them quickly.
 */

/** No word begins with it, since it is neither a letter nor a digit. To FTS5, it belongs to the word. */
const MARK = '\u00b7';
/** Values of the hash: three characters. */
const HASHES = 36 ** 3;
/** Characters of the second word. */
const SECOND_CHARACTERS = 6;
/** Its digits: numbers have no end, and would make as many pairs. */
const SECOND_DIGITS = 2;
/** Characters of a first word; fewer, if it has a digit. */
const FIRST_CHARACTERS = 24;
const FIRST_CHARACTERS_WITH_DIGIT = 4;

const DIGIT = /\p{N}/u;

export interface Pair {
  readonly text: string;
  /** Whether it lacks the end of its second word. */
  readonly isCut: boolean;
}

/** Returns a pair; null if the index has no word for it. */
export function pairOf(first: string, second: string): Pair | null {
  if (first.length > (DIGIT.test(first) ? FIRST_CHARACTERS_WITH_DIGIT : FIRST_CHARACTERS)) return null;
  const beginning = beginningOf(second);
  return { text: MARK + hashOf(first) + beginning, isCut: beginning.length < second.length };
}

/** Returns the pairs of a field, from its words in their order. */
export function pairsOf(words: readonly string[]): string[] {
  return words.slice(1).flatMap((word, at) => pairOf(words[at] ?? '', word)?.text ?? []);
}

/** If one word begins with another, so do their beginnings; and if that of the other is cut, they are equal. */
function beginningOf(word: string): string {
  let beginning = '';
  let digits = 0;
  for (const character of word) {
    if (beginning.length + character.length > SECOND_CHARACTERS) break;
    if (DIGIT.test(character) && ++digits > SECOND_DIGITS) break;
    beginning += character;
  }
  return beginning;
}

/** FNV-1a of the UTF-16 units, in three characters. */
function hashOf(word: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return ((hash >>> 0) % HASHES).toString(36).padStart(3, '0');
}
