/**
 * The words of a message that the index has, and the question to it that a search becomes.
 *
 * Each word begins with its block and a slash, such as `1a/invoice`. So the beginning of a word that is in all messages is
 * looked for among those of one block, not of all: `'1a/inv':*`.
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
    for (const word of wordsOf(field).map(clipped)) {
      if (words.has(word)) continue;
      words.add(word);
      characters += word.length;
    }
    if (characters > MOST_CHARACTERS) return blockPrefix(block);
  }
  return [...words].map((word) => blockPrefix(block) + word).join(' ');
}

/** What each word of a block begins with. */
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
    .map((word, at) => {
      const isBeginning =
        word.length > WORD_CHARACTERS || (at === words.length - 1 && term.kind !== 'phrase');
      return `'${BLOCK}${clipped(word)}'${isBeginning ? ':*' : ''}`;
    })
    .join(' & ');
}

function clipped(word: string): string {
  return word.slice(0, WORD_CHARACTERS);
}
