/** The words of a message that the index has, and the question to it that a search becomes. */
import type { Search, SearchTerm, TextCondition } from '../../search.js';
import { type SearchDocument, wordsAsked, wordsOf } from '../../search-text.js';
import { pairOf, pairsOf } from './pairs.js';

/** The columns of the index. Several fields share a column; a search checks each message that the index gives. */
export const WORD_COLUMNS = ['subject', 'sender', 'recipients', 'rest'] as const;

/** Characters of a word that the index has: no more are compared. */
const WORD_CHARACTERS = 200;

const COLUMN_OF: Record<TextCondition['kind'], string> = {
  text: '',
  phrase: '',
  subject: 'subject : ',
  from: 'sender : ',
  to: 'recipients : ',
};

/** Returns the words of a message for each of {@link WORD_COLUMNS}, and the pairs of neighbours, with spaces in between. */
export function columnsOf(document: SearchDocument): string[] {
  const { subject, from, reversePath, to, id, messageId } = document;
  const columns = [
    [subject ?? ''],
    [from, reversePath],
    to,
    [String(id), messageId ?? '', ...document.headerValues()],
  ];
  return columns.map((texts) => {
    const fields = texts.map(wordsOf);
    const pairs = new Set(fields.flatMap(pairsOf));
    return [...fields.flat().map(clipped), ...pairs].join(' ');
  });
}

/**
 * Returns a question to the index that gives at least the messages that match; null if the index cannot narrow the
 * search.
 */
export function questionOf(search: Search): string | null {
  const parts = search.flatMap((term) => partOf(term) ?? []);
  return parts.length === 0 ? null : parts.join(' AND ');
}

function partOf(term: SearchTerm): string | null {
  if (term.negated || !('text' in term)) return null;
  const words = wordsAsked(term);
  const [only, ...more] = words;
  if (only === undefined) return null;
  const isPhrase = term.kind === 'phrase';
  const parts =
    more.length === 0
      ? [quoted(clipped(only), isPhrase)]
      : more.flatMap((word, at) => neighboursIn(words[at] ?? '', word, isPhrase || at < more.length - 1));
  return `(${COLUMN_OF[term.kind]}(${parts.join(' AND ')}))`;
}

/** @param isWhole whether the second word is whole, and not the beginning of a word */
function neighboursIn(first: string, second: string, isWhole: boolean): string[] {
  const pair = pairOf(first, second);
  if (pair === null) return [quoted(`${clipped(first)} ${clipped(second)}`, isWhole)];
  // A pair has the beginning of its second word. The whole word is asked for as well: the index is quick to skip.
  if (pair.isCut) return [quoted(pair.text, true), ...(isWhole ? [quoted(clipped(second), true)] : [])];
  return [quoted(pair.text, isWhole)];
}

/** Words are letters and digits alone, so nothing in them ends the quotes. */
function quoted(text: string, isWhole: boolean): string {
  return `"${text}"${isWhole ? '' : ' *'}`;
}

function clipped(word: string): string {
  return word.slice(0, WORD_CHARACTERS);
}
