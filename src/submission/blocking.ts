import { Reply } from '../protocol/index.js';
import type { BlockEntry, BlockList } from '../store/block-list.js';
import type { Domain } from '../store/port.js';

/**
 * How long the knowledge that a domain's block list is empty is used, in milliseconds. A new entry may be overlooked
 * for that long.
 */
const CACHE_MS = 2_000;
/** Largest number of domains in the cache. The oldest entry is removed first. */
const MAX_CACHED_DOMAINS = 10_000;

/**
 * Looks recipients up in the block lists of domains. If the list of a domain has entries, the store is asked for each
 * recipient; if it is empty, the store is asked again only after a while.
 */
export class Blocking {
  /** Times until which a domain's block list counts as empty, by the domain's id. */
  readonly #emptyUntil = new Map<number, number>();

  constructor(
    private readonly blockList: Pick<BlockList, 'find' | 'isEmpty'>,
    private readonly now: () => number,
  ) {}

  /**
   * Returns the entry that blocks an address, or null. Returns at once if the domain's list is known to be empty.
   *
   * @throws StoreError if the store fails; as a rejection
   */
  blocked(domain: Domain, address: string): null | Promise<BlockEntry | null> {
    if ((this.#emptyUntil.get(domain.id) ?? 0) > this.now()) return null;
    return this.#ask(domain.id, address);
  }

  /** Forgets that the list of a domain is empty: it has changed in this process. */
  forget(domainId: number): void {
    this.#emptyUntil.delete(domainId);
  }

  async #ask(domainId: number, address: string): Promise<BlockEntry | null> {
    if (await this.blockList.isEmpty(domainId)) {
      this.#remember(domainId);
      return null;
    }
    const entry = await this.blockList.find(domainId, address);
    return entry?.verdict === 'blocked' ? entry : null;
  }

  #remember(domainId: number): void {
    this.#emptyUntil.delete(domainId);
    this.#emptyUntil.set(domainId, this.now() + CACHE_MS);
    if (this.#emptyUntil.size <= MAX_CACHED_DOMAINS) return;
    const [oldest] = this.#emptyUntil.keys();
    if (oldest !== undefined) this.#emptyUntil.delete(oldest);
  }
}

/** Returns the reply for a blocked address. */
export function blockedReply({ domain, address, since, reason }: BlockEntry): Reply {
  const day = new Date(since).toISOString().slice(0, 10);
  return new Reply(550, '5.7.1', `${address} is on the block list of ${domain} since ${day}: ${reason}`);
}
