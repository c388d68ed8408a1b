/** The rule by which tags are put on a message and taken off. Pure. */
import { STORE } from './limits.js';
import type { Retag } from './mail.js';

export interface Retagged {
  /** The tags that the message has now, in order. */
  readonly tags: readonly string[];
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

/** Returns what changes; null if nothing does. A message keeps at most {@link STORE.tags} tags. */
export function retagged(old: readonly string[], { add, remove }: Retag): Retagged | null {
  const kept = old.filter((tag) => !remove.includes(tag));
  const room = Math.max(0, STORE.tags.initial - kept.length);
  const added = [...new Set(add)].filter((tag) => !kept.includes(tag)).slice(0, room);
  const tags = [...kept, ...added];
  if (tags.length === old.length && tags.every((tag, at) => tag === old[at])) return null;
  return {
    tags,
    gained: tags.filter((tag) => !old.includes(tag)),
    lost: old.filter((tag) => !tags.includes(tag)),
  };
}
