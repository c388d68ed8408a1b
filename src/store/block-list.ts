/**
 * The contract of block lists: the recipients that a sending domain no longer sends to, and those that it always may
 * send to. Part of `port.ts`.
 */

import type { Scope } from './scope.js';

export interface BlockEntry {
  /** Name of the sending domain. */
  readonly domain: string;
  /** The whole address in lower case: people do not distinguish local parts by case, even if a server could. */
  readonly address: string;
  /** `allowed` overrides every block, and a bounce never blocks such an address. */
  readonly verdict: 'blocked' | 'allowed';
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** The reply of the remote server, or the operator's reason; one line. */
  readonly reason: string;
}

/** An entry that may end by itself. */
export interface ExpiringEntry extends BlockEntry {
  /** When the entry ends, in milliseconds since the epoch; null if it never ends. */
  readonly expiresAt: number | null;
}

/** Block and allow lists, as the API shows and changes them. */
export interface BlockLists {
  /** Entries of the scope that are in force at `now`, by domain and address, after `after`; at most `limit`. */
  search(scope: Scope, query: BlockQuery, now: number): Promise<ExpiringEntry[]>;

  /**
   * Puts entries on the lists, or changes them; in one transaction. Resolves to their number: entries of domains
   * outside of the scope are skipped.
   */
  putAll(scope: Scope, entries: readonly ExpiringEntry[]): Promise<number>;

  /** Removes entries. Resolves to the number of those that existed. */
  removeAll(scope: Scope, entries: readonly Pick<BlockEntry, 'domain' | 'address'>[]): Promise<number>;

  /** Removes entries that ended before `now`. */
  removeExpired(now: number): Promise<number>;
}

export interface BlockQuery {
  /** Name of the sending domain. */
  readonly domain?: string;
  readonly verdict?: BlockEntry['verdict'];
  /** Only entries after this one: the way to ask for the next page. */
  readonly after?: Pick<BlockEntry, 'domain' | 'address'>;
  /** At most this many, by domain and address. */
  readonly limit: number;
}

export interface BlockList {
  /** Returns the entry for an address, in any case of letters, or null. */
  find(domainId: number, address: string): Promise<BlockEntry | null>;

  /** Returns true while the domain has no blocked address: {@link find} need not be called then. */
  isEmpty(domainId: number): Promise<boolean>;

  /**
   * Puts an address on the list, or changes its verdict and reason. Resolves to false if the domain does not exist.
   */
  put(entry: BlockEntry): Promise<boolean>;

  /** Removes an entry. Resolves to false if it did not exist. */
  remove(domain: string, address: string): Promise<boolean>;

  list(query: BlockQuery): Promise<BlockEntry[]>;
}
