import type { TextRecord } from '../dkim/new-key.js';

/** The result of the check of one record of a domain. */
export interface Finding {
  readonly check: 'dkim' | 'spf' | 'dmarc' | 'mta-sts';
  /** The name where the record is, or should be. */
  readonly name: string;
  readonly ok: boolean;
  /** The state of the record for an operator: its content, or what is missing or wrong. */
  readonly says: string;
  /**
   * The record to publish; null if nothing is to be done, or if only the operator can say what the record should be.
   */
  readonly record: TextRecord | null;
  /** True if there is no such record and the domain needs none. */
  readonly optional?: true;
}

/**
 * Parses a record that is a list of tags (RFC 6376 3.2). Returns the tags by name, or null if the text is not such a
 * list.
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
