/** The definition of text search that every adapter follows. See `search.ts`. */
import { STORE } from './limits.js';
import type { MessageFilter, Search, SearchTerm, TextCondition } from './search.js';
import type { Status } from './message.js';

/** The texts of a message that are searched. */
export interface SearchDocument {
  readonly id: number;
  readonly status: Status;
  readonly receivedAt: number;
  readonly from: string;
  readonly reversePath: string;
  readonly to: readonly string[];
  readonly subject: string | null;
  readonly tags: readonly string[];
  readonly messageId: string | null;
  /** Values of header fields. It is read only if a condition needs it. */
  headerValues(): readonly string[];
}

/** The columns of a message that are searched. */
export interface DocumentRow extends Pick<
  SearchDocument,
  'id' | 'status' | 'receivedAt' | 'from' | 'reversePath' | 'subject' | 'messageId'
> {
  /** A JSON array; null for none. */
  readonly tags: string | null;
}

/**
 * Returns the texts of a stored message.
 *
 * @param section returns its header section; null if there is no content
 */
export function documentOf(
  row: DocumentRow,
  to: readonly string[],
  section: () => Uint8Array | null,
): SearchDocument {
  return {
    ...row,
    tags: row.tags === null ? [] : (JSON.parse(row.tags) as string[]),
    to,
    headerValues: () => {
      const octets = section();
      return octets === null ? [] : headerValuesOf(Buffer.from(octets).toString('utf8'));
    },
  };
}

/**
 * Returns the words of a text: runs of letters and digits, in lower case, without accents (compatibility
 * forms such as full-width letters are their plain ones).
 */
export function wordsOf(text: string): string[] {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Returns the words that a condition asks for. */
export function wordsAsked({ text }: TextCondition): string[] {
  return wordsOf(text.slice(0, STORE.searchText.initial));
}

/** Returns the condition of a filter as search terms: `from`, `to` and `subject` are short for them. */
export function termsOfFilter({ from, to, subject, search = [] }: MessageFilter): Search {
  const terms: SearchTerm[] = [];
  if (from !== undefined) terms.push({ kind: 'from', text: from, negated: false });
  if (to !== undefined) terms.push({ kind: 'to', text: to, negated: false });
  if (subject !== undefined) terms.push({ kind: 'subject', text: subject, negated: false });
  return [...terms, ...search];
}

/** True if all terms hold for the message. */
export function matches(search: Search, document: SearchDocument): boolean {
  return search.every((term) => holds(term, document) !== term.negated);
}

function holds(term: SearchTerm, document: SearchDocument): boolean {
  switch (term.kind) {
    case 'tag':
      return document.tags.includes(term.tag);
    case 'status':
      return document.status === term.status;
    case 'before':
      return document.receivedAt < term.time;
    case 'after':
      return document.receivedAt >= term.time;
    default: {
      const asked = wordsAsked(term);
      if (asked.length === 0) return true;
      return fieldsOf(term.kind, document).some((field) => contains(field, asked, term.kind === 'phrase'));
    }
  }
}

function* envelopeFields(document: SearchDocument): Generator<string> {
  if (document.subject !== null) yield document.subject;
  yield document.from;
  yield document.reversePath;
  yield* document.to;
  yield String(document.id);
  if (document.messageId !== null) yield document.messageId;
}

/** The fields that a condition looks at; those of the header section last. */
function fieldsOf(kind: TextCondition['kind'], document: SearchDocument): Fields {
  switch (kind) {
    case 'from':
      return new Fields([document.from, document.reversePath]);
    case 'to':
      return new Fields(document.to);
    case 'subject':
      return new Fields(document.subject === null ? [] : [document.subject]);
    default:
      return new Fields(envelopeFields(document), () => document.headerValues());
  }
}

/** Fields of which the last ones are only read if none of the first does. */
class Fields {
  constructor(
    readonly first: Iterable<string>,
    readonly last: () => readonly string[] = () => [],
  ) {}

  some(test: (field: string) => boolean): boolean {
    for (const field of this.first) if (test(field)) return true;
    return this.last().some(test);
  }
}

function contains(field: string, asked: readonly string[], whole: boolean): boolean {
  const words = wordsOf(field);
  const last = asked.length - 1;
  for (let start = 0; start + last < words.length; start++) {
    const found = asked.every((word, at) => {
      const there = words[start + at] ?? '';
      return at === last && !whole ? there.startsWith(word) : there === word;
    });
    if (found) return true;
  }
  return false;
}

/** Fields whose values are not searched: signatures and traces, long and read by machines alone. */
const UNSEARCHED =
  /^(?:dkim-signature|received|x-received|authentication-results|arc-.*|domainkey-.*|x-.*-signature)$/i;
/** Values of header fields that are searched, and characters of all together. */
const MOST_VALUES = 200;
const MOST_CHARACTERS = 32 * 1024;

/** Returns the values of the fields of a header section that are searched, unfolded. */
export function headerValuesOf(section: string): string[] {
  const values: string[] = [];
  let characters = 0;
  for (const field of section.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = field.indexOf(':');
    if (colon <= 0 || UNSEARCHED.test(field.slice(0, colon).trimEnd())) continue;
    const value = field.slice(colon + 1, colon + 1 + MOST_CHARACTERS - characters).trim();
    characters += value.length;
    if (value !== '') values.push(value);
    if (values.length === MOST_VALUES || characters >= MOST_CHARACTERS) break;
  }
  return values;
}
