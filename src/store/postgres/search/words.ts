/**
 * The words of a message that the index has, and the question to it that a search becomes.
 *
 * Each word begins with its block and a slash, such as `1a/invoice`. So the beginning of a word that is in all messages is
 * looked for among those of one block, not of all: `'1a/inv':*`.
 *
 * The index also has each pair of words that follow each other in a field, as a number: `1a/=x8k2f0`. So a phrase of common
 * words gives few candidates more than there are matches, though the index has no positions.
 */
import type { Search, SearchTerm } from '../../search.js';
import { type SearchDocument, wordsAsked, wordsOf } from '../../search-text.js';

/** Characters of a word that the index has: no more are compared. */
const WORD_CHARACTERS = 200;
/** Characters of all words of a message. One that has more is a candidate of every search. */
const MOST_CHARACTERS = 100_000;

/** Stands for the block in a question. No word has it. */
export const BLOCK = '#';

/** Returns the words of a message, with spaces in between. It has the empty word if it is a candidate of every search. */
export function wordsInBlock(document: SearchDocument, block: number): string {
  const { subject, from, reversePath, to, id, messageId } = document;
  const fields = [
    subject ?? '',
    from,
    reversePath,
    ...to,
    String(id),
    messageId ?? '',
    ...document.headerValues(),
  ];
  const words = new Set<string>();
  let characters = 0;
  for (const field of fields) {
    let before: string | null = null;
    for (const word of wordsOf(field).map(clipped)) {
      for (const entry of before === null ? [word] : [word, pairOf(before, word)]) {
        if (words.has(entry)) continue;
        words.add(entry);
        characters += entry.length;
      }
      before = word;
    }
    if (characters > MOST_CHARACTERS) return blockPrefix(block);
  }
  return [...words].map((word) => blockPrefix(block) + word).join(' ');
}

/** The characters that each word of a block begins with. */
export function blockPrefix(block: number): string {
  return `${block.toString(36)}/`;
}

/**
 * Returns a question to the index, with {@link BLOCK} for the block, that gives at least the messages that match; null if
 * the index cannot narrow the search.
 */
export function questionOf(search: Search): string | null {
  const parts = search.flatMap((term) => partOf(term) ?? []);
  return parts.length === 0 ? null : `(${parts.join(' & ')}) | '${BLOCK}'`;
}

function partOf(term: SearchTerm): string | null {
  if (term.negated || !('text' in term)) return null;
  const words = wordsAsked(term);
  if (words.length === 0) return null;
  // Words are letters and digits alone, so nothing in them ends the quotes.
  return words
    .flatMap((word, at) => {
      const isBeginning = at === words.length - 1 && term.kind !== 'phrase';
      const lexeme = `'${BLOCK}${clipped(word)}'${isBeginning || word.length > WORD_CHARACTERS ? ':*' : ''}`;
      const before = words[at - 1];
      if (before === undefined || isBeginning) return [lexeme];
      return [lexeme, `'${BLOCK}${pairOf(clipped(before), clipped(word))}'`];
    })
    .join(' & ');
}

/** Returns what stands for two words that follow each other: a number of 32 bits (FNV-1a), and a sign that no word has. */
function pairOf(first: string, second: string): string {
  let hash = 0x811c9dc5;
  for (const text of [first, ' ', second]) {
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return `=${(hash >>> 0).toString(36)}`;
}

function clipped(word: string): string {
  return word.slice(0, WORD_CHARACTERS);
}
