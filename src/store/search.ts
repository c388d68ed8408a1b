/**
 * What to search for, as a structure: the text that users write is parsed above the store. Part of `port.ts`.
 *
 * How text matches is the same in every adapter, and `search-text.ts` is its definition: text is cut into
 * words (runs of letters and digits, lower case, without accents). The words asked for must occur one after
 * the other in one field; of the last one its beginning is enough, unless it is a phrase. So `mail@exam`
 * finds `mail@example.com`, and `"mail exam"` does not.
 */
import type { MessageId, Status } from './message.js';

/**
 * - `text`: in the subject, an address of the envelope, From, the id, the Message-ID, or the value of a header field
 * - `phrase`: as `text`, and the last word must be whole
 * - `from`: in From or the reverse-path; `to`: in a forward-path; `subject`: in the subject
 */
export interface TextCondition {
  readonly kind: 'text' | 'phrase' | 'from' | 'to' | 'subject';
  /** If no word is in it, such as `--`, it matches every message. At most {@link STORE.searchText} characters count. */
  readonly text: string;
}

export type SearchCondition =
  | TextCondition
  /** The tag, letter for letter. */
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'status'; readonly status: Status }
  /** Taken in before, or at or after, a time in milliseconds since the epoch. */
  | { readonly kind: 'before' | 'after'; readonly time: number };

/** A condition, or its opposite. */
export type SearchTerm = SearchCondition & { readonly negated: boolean };

/** All of them must hold. At most {@link STORE.searchTerms}; more reject with a RangeError. */
export type Search = readonly SearchTerm[];

/**
 * A query for messages. Every condition that is given must hold.
 *
 * `subject`, `from` and `to` match as {@link TextCondition} says.
 */
export interface MessageFilter {
  /** Names of sending domains, any of which may match. Within the scope. */
  readonly domains?: readonly string[];
  /** Tags that must all be there. */
  readonly tags?: readonly string[];
  /** Tags of which at least one must be there. */
  readonly statuses?: readonly Status[];
  readonly from?: string;
  readonly to?: string;
  readonly subject?: string;
  /**
   * True: only notifications, which have the null reverse-path (RFC 5321 4.5.5). False: no notification. Default: both.
   */
  readonly notifications?: boolean;
  /** Taken in at or after this, in milliseconds since the epoch. */
  readonly since?: number;
  /** Taken in before this, in milliseconds since the epoch. */
  readonly until?: number;
  readonly search?: Search;
}

/** Some messages: by their ids (those that do not exist, or are of another domain, are passed over), or all that match. */
export type Selection =
  | { readonly ids: readonly MessageId[]; readonly filter?: never }
  | { readonly filter: MessageFilter; readonly ids?: never };
