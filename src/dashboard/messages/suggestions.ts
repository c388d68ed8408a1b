import type { TagList } from '../../api/schemas/statistics.js';
import { request } from '../api/request.js';
import { STATUS_MEANINGS } from '../parts/status-badge.js';
import { STATUSES } from './filter.js';

export interface Suggestion {
  /** Replaces the word that is being typed. */
  readonly text: string;
  readonly meaning: string;
}

const CONDITIONS: readonly Suggestion[] = [
  { text: 'from:', meaning: 'the sender' },
  { text: 'to:', meaning: 'a recipient' },
  { text: 'subject:', meaning: 'words of the subject' },
  { text: 'tag:', meaning: 'a tag' },
  { text: 'is:', meaning: 'a state, such as is:bounced' },
  { text: 'after:', meaning: 'came in after: 7d, 2026-11-29' },
  { text: 'before:', meaning: 'came in before' },
];
const TIMES = ['1h', '24h', '7d', '30d'];

/** The word before the caret, and where it begins. */
export function wordAt(text: string, caret: number): { readonly start: number; readonly word: string } {
  const start = text.slice(0, caret).search(/\S*$/);
  return { start, word: text.slice(start, caret) };
}

/** Returns what a person may want to go on with, while they type a search. */
export async function suggestionsFor(word: string, signal: AbortSignal): Promise<readonly Suggestion[]> {
  const [, minus = '', name, value = ''] = /^(-?)(?:([a-z]+):)?(.*)$/i.exec(word) ?? [];
  const suggest = (text: string, meaning = ''): Suggestion => ({ text: `${minus}${text}`, meaning });
  switch (name?.toLowerCase()) {
    case undefined:
      return CONDITIONS.filter(({ text }) => text.startsWith(value.toLowerCase())).map(({ text, meaning }) =>
        suggest(text, meaning),
      );
    case 'is':
      return STATUSES.filter((each) => each.startsWith(value.toLowerCase())).map((each) =>
        suggest(`is:${each}`, STATUS_MEANINGS[each]),
      );
    case 'after':
    case 'before':
      return TIMES.filter((each) => each.startsWith(value)).map((each) =>
        suggest(`${name}:${each}`, `${each} ago`),
      );
    case 'tag': {
      const { tags } = await request<TagList>('GET', '/api/v1/tags', {
        query: { prefix: value.replace(/^"/, '') || undefined, limit: 8 },
        signal,
      });
      return tags.map(({ tag, messages }) => suggest(`tag:${quoted(tag)}`, `${messages} kept`));
    }
    default:
      return [];
  }
}

function quoted(text: string): string {
  return /[\s"\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
}
