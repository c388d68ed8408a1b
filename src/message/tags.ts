import { Fault, type Parsed } from '../base/fault.js';
import { decodeEncodedWords } from './encoded-word.js';
import type { Field } from './section.js';

/** Largest number of tags of one message. This is the limit of the mail API. */
export const MAX_TAGS = 20;
/** Longest tag, in Unicode code points. This is the limit of the mail API. */
export const MAX_TAG_LENGTH = 100;

/**
 * Returns the tags in these fields: comma separated, trimmed, in order, without repeats (compared exactly) and without
 * empty ones.
 *
 * Encoded words are decoded before the text is split at commas: a mail library encodes the whole value that an app
 * gave it, with its commas, as one encoded word. So a tag cannot contain a comma.
 */
export function parseTags(fields: readonly Field[]): Parsed<readonly string[]> {
  const tags = new Set<string>();
  for (const field of fields) {
    // A fold is often a tab, and the app wrote a space there.
    const text = field.text().replaceAll('\t', ' ');
    const decoded = decodeEncodedWords(text);
    // Checked before decoding too: the decoder uses a mark with NULs in it, and removes one that was there already.
    if (hasControl(text) || hasControl(decoded))
      return new Fault(`${field.name}: a tag holds a control character`);
    for (let at = 0; at <= decoded.length;) {
      const comma = decoded.indexOf(',', at);
      const end = comma < 0 ? decoded.length : comma;
      const tag = decoded.slice(at, end).trim();
      at = end + 1;
      if (tag === '' || tags.has(tag)) continue;
      if (tags.size === MAX_TAGS) return new Fault(`${field.name}: more than ${MAX_TAGS} tags`);
      if (isTooLong(tag)) {
        return new Fault(`${field.name}: tag ${tags.size + 1} has more than ${MAX_TAG_LENGTH} characters`);
      }
      tags.add(tag);
    }
  }
  return [...tags];
}

function isTooLong(tag: string): boolean {
  if (tag.length <= MAX_TAG_LENGTH) return false;
  // A code point is one or two code units: if a tag is longer than twice the limit, there is no need to count.
  return tag.length > 2 * MAX_TAG_LENGTH || Array.from(tag).length > MAX_TAG_LENGTH;
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
