import type { TextRecord } from './new-key.js';

/** What a look at one record of a domain came to. */
export interface Finding {
  readonly check: 'dkim' | 'spf' | 'dmarc';
  /** Where the record is, or ought to be. */
  readonly name: string;
  readonly ok: boolean;
  /** What is there, or what is missing or wrong, for an operator. */
  readonly says: string;
  /** What to put there; null where nothing is to be done, or nobody else can say what. */
  readonly record: TextRecord | null;
}

/**
 * The tags of a record that is a list of them (RFC 6376 3.2), by name; null where it is none.
 */
export function tagsOf(text: string): Map<string, string> | null {
  const tags = new Map<string, string>();
  for (const part of text.split(';')) {
    if (part.trim() === '') continue;
    const equals = part.indexOf('=');
    if (equals < 1) return null;
    tags.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  return tags;
}
