import { Reply } from '../protocol/index.js';
import type { BlockEntry, BlockList } from '../store/block-list.js';
import type { Domain } from '../store/port.js';

/** How long a domain is believed to have nobody blocked, in milliseconds: a new entry may be overlooked for that long. */
const BELIEVED_MS = 2_000;
/** Domains remembered at once; the oldest goes first. */
const REMEMBERED_DOMAINS = 10_000;

/**
 * Whom a domain no longer writes to. The store is asked for each recipient of a domain that has blocked
 * anybody, and once in a while for one that has not.
 */
export class Blocking {
  /** Until when a domain is believed to have nobody blocked, by its id. */
  readonly #nobody = new Map<number, number>();

  constructor(
    private readonly blockList: Pick<BlockList, 'find' | 'isEmpty'>,
    private readonly now: () => number,
  ) {}

  /**
   * The entry that blocks an address, or null: at once where nothing is blocked as far as is known.
   *
   * @throws StoreError where the store cannot tell; a rejection
   */
  blocked(domain: Domain, address: string): null | Promise<BlockEntry | null> {
    if ((this.#nobody.get(domain.id) ?? 0) > this.now()) return null;
    return this.#ask(domain.id, address);
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
    this.#nobody.delete(domainId);
    this.#nobody.set(domainId, this.now() + BELIEVED_MS);
    if (this.#nobody.size <= REMEMBERED_DOMAINS) return;
    const [oldest] = this.#nobody.keys();
    if (oldest !== undefined) this.#nobody.delete(oldest);
  }
}

/** What a client is told that writes to a blocked address. */
export function blockedReply({ domain, address, since, reason }: BlockEntry): Reply {
  const day = new Date(since).toISOString().slice(0, 10);
  return new Reply(550, '5.7.1', `${address} is on the block list of ${domain} since ${day}: ${reason}`);
}
