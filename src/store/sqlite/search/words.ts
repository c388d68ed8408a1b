/** The words of a message that the index has, and the question to it that a search becomes. */
import type { Search, SearchTerm, TextCondition } from '../../search.js';
import { type SearchDocument, wordsAsked, wordsOf } from '../../search-text.js';

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

/** Returns the words of a message for each of {@link WORD_COLUMNS}, with spaces in between. */
export function columnsOf(document: SearchDocument): string[] {
  const { subject, from, reversePath, to, id, messageId } = document;
  const columns = [
    [subject ?? ''],
    [from, reversePath],
    to,
    [String(id), messageId ?? '', ...document.headerValues()],
  ];
  return columns.map((fields) => fields.flatMap(wordsOf).map(clipped).join(' '));
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
  const words = wordsAsked(term).map(clipped);
  if (words.length === 0) return null;
  // Words are letters and digits alone, so nothing in them ends the quotes.
  return `(${COLUMN_OF[term.kind]}"${words.join(' ')}"${term.kind === 'phrase' ? '' : ' *'})`;
}

function clipped(word: string): string {
  return word.slice(0, WORD_CHARACTERS);
}
