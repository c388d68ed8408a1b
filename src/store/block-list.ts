/** The contract of block lists: whom a sending domain no longer writes to, and whom it always may. Part of `port.ts`. */

import type { Scope } from './scope.js';

export interface BlockEntry {
  /** Name of the sending domain. */
  readonly domain: string;
  /** Lower case as a whole: whatever a local part could distinguish, people do not. */
  readonly address: string;
  /** `allowed` outdoes every block, and the address is never blocked by a bounce. */
  readonly verdict: 'blocked' | 'allowed';
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** The reply of the far side, or what the operator said; one line. */
  readonly reason: string;
}

/** An entry that may end by itself. */
export interface ExpiringEntry extends BlockEntry {
  /** From then on it counts for nothing, in milliseconds since the epoch; null for never. */
  readonly expiresAt: number | null;
}

/** Block and allow lists as the API shows and changes them. */
export interface BlockLists {
  /** Entries of the scope that are in force at `now`, by domain and address, after `after`; at most `limit`. */
  search(
    scope: Scope,
    query: BlockQuery & {
      /** Part of the address, in any case. */
      readonly contains?: string;
    },
    now: number,
  ): Promise<ExpiringEntry[]>;

  /** Puts entries on the lists, or changes them; in one transaction. Resolves to how many: entries of domains that are not in the scope are passed over. */
  putAll(scope: Scope, entries: readonly ExpiringEntry[]): Promise<number>;

  /** Resolves to how many there were. */
  removeAll(scope: Scope, entries: readonly Pick<BlockEntry, 'domain' | 'address'>[]): Promise<number>;

  /** Removes entries that ended before `now`. */
  removeExpired(now: number): Promise<number>;
}

export interface BlockQuery {
  /** Name of the sending domain. */
  readonly domain?: string;
  readonly verdict?: BlockEntry['verdict'];
  /** Only entries behind this one: the way to ask for the next page. */
  readonly after?: Pick<BlockEntry, 'domain' | 'address'>;
  /** At most this many, by domain and address. */
  readonly limit: number;
}

export interface BlockList {
  /** The entry for an address, in any case of letters, or null. */
  find(domainId: number, address: string): Promise<BlockEntry | null>;

  /** True while nothing of the domain is blocked: then {@link find} need not be asked. */
  isEmpty(domainId: number): Promise<boolean>;

  /** Puts an address on the list, or changes its verdict and reason. Resolves to false where there is no such domain. */
  put(entry: BlockEntry): Promise<boolean>;

  /** Resolves to false where there was no such entry. */
  remove(domain: string, address: string): Promise<boolean>;

  list(query: BlockQuery): Promise<BlockEntry[]>;
}
