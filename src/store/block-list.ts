/** The contract of block lists: whom a sending domain no longer writes to, and whom it always may. Part of `port.ts`. */

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
