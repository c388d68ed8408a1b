import { timingSafeEqual } from 'node:crypto';
import { normalizeDomain } from '../message/domain.js';
import type { PasswordCredentials } from '../protocol/index.js';
import type { Domain, Store } from '../store/port.js';
import { digestToken } from './token.js';

/** How long an answer of the store is used, in milliseconds. A removed token works no longer than that. */
const CACHE_MS = 2_000;
/** How often the store records that a token is in use, in milliseconds: the last use is shown to a minute. */
const NOTED_MS = 60_000;
/** Largest number of tokens in the cache. The oldest entry is removed first. */
const MAX_CACHED_TOKENS = 10_000;

interface CachedDomain {
  readonly domain: Domain;
  readonly until: number;
  /** When the store was last informed that the token is in use. */
  readonly noted: number;
}

/**
 * Finds domains by token and by name. Answers of the store are cached briefly, because the same app comes again and
 * again. Only successful answers are cached, so that a new token works at once.
 */
export class Directory {
  readonly #byDigest = new Map<string, CachedDomain>();
  #names: { readonly domains: ReadonlyMap<string, Domain>; readonly until: number } | null = null;

  constructor(
    private readonly store: Pick<Store, 'domainByToken' | 'domains' | 'domainRecords'>,
    private readonly now: () => number,
  ) {}

  /**
   * Returns the domain if the password is its API token, else null. The user name is the token again, or the domain's
   * name: some programs print the user name in their error messages. An unknown token and a wrong user name take the
   * same path, and the same time.
   *
   * @throws StoreError if the store fails
   */
  async authenticate({ authcid, password }: PasswordCredentials): Promise<Domain | null> {
    const user = authcid.expose();
    const digest = digestToken(password.expose());
    const isToken = timingSafeEqual(digest, digestToken(user));
    const domain = await this.#byToken(digest);
    // The user name that belongs to a token is no secret to a client that has the token.
    return isToken || normalizeDomain(user) === domain?.name ? domain : null;
  }

  /**
   * Returns the domain whose API token this is, or null.
   *
   * @throws StoreError if the store fails
   */
  byToken(token: string): Promise<Domain | null> {
    return this.#byToken(digestToken(token));
  }

  /**
   * Returns the domain that has this name, or the nearest one above it, or null. Returns at once if the store was
   * asked a moment ago.
   */
  owner(name: string): Domain | null | Promise<Domain | null> {
    const domains = this.#known();
    return domains === null
      ? this.#domains().then((domains) => nearest(domains, name))
      : nearest(domains, name);
  }

  /**
   * Returns the owner of a name as {@link owner} does, from the last answer of the store. It is for the rest of a
   * transaction that called `owner` when it began. Returns null if the store was never asked.
   */
  lastKnownOwner(name: string): Domain | null {
    return this.#names === null ? null : nearest(this.#names.domains, name);
  }

  /** Returns the domain with this id, or null if it was removed. */
  async byId(id: number): Promise<Domain | null> {
    const domains = this.#known() ?? (await this.#domains());
    for (const domain of domains.values()) if (domain.id === id) return domain;
    return null;
  }

  /** Forgets what is cached: domains or tokens have changed in this process. */
  forget(): void {
    this.#byDigest.clear();
    this.#forgetNames();
  }

  #forgetNames(): void {
    // The names stay for those who are in the middle of a transaction: see lastKnownOwner.
    if (this.#names !== null) this.#names = { ...this.#names, until: -Infinity };
  }

  async #byToken(digest: Uint8Array): Promise<Domain | null> {
    const key = Buffer.from(digest).toString('latin1');
    const now = this.now();
    const known = this.#byDigest.get(key);
    if (known !== undefined && known.until > now) return known.domain;
    const domain = await this.store.domainByToken(digest, now);
    // Others may have asked at the same time.
    const noted = this.#byDigest.get(key)?.noted ?? -Infinity;
    this.#byDigest.delete(key);
    if (domain === null) return null;
    // Another process may have added the domain after the names were read.
    if (this.#names?.domains.get(domain.name)?.id !== domain.id) this.#forgetNames();
    const isNoted = noted > now - NOTED_MS;
    this.#byDigest.set(key, { domain, until: now + CACHE_MS, noted: isNoted ? noted : now });
    // AUTH does not wait for the record, which never rejects.
    if (!isNoted) void this.store.domainRecords.tokenUsed(digest, now);
    if (this.#byDigest.size > MAX_CACHED_TOKENS) {
      const [oldest] = this.#byDigest.keys();
      if (oldest !== undefined) this.#byDigest.delete(oldest);
    }
    return domain;
  }

  /** Returns null if the store has to be asked. */
  #known(): ReadonlyMap<string, Domain> | null {
    const names = this.#names;
    return names !== null && names.until > this.now() ? names.domains : null;
  }

  async #domains(): Promise<ReadonlyMap<string, Domain>> {
    const now = this.now();
    const domains = new Map((await this.store.domains()).map((domain) => [domain.name, domain]));
    this.#names = { domains, until: now + CACHE_MS };
    return domains;
  }
}

function nearest(domains: ReadonlyMap<string, Domain>, name: string): Domain | null {
  for (let rest = normalizeDomain(name) ?? ''; rest !== ''; rest = rest.slice(rest.indexOf('.') + 1)) {
    const domain = domains.get(rest);
    if (domain !== undefined) return domain;
    if (!rest.includes('.')) return null;
  }
  return null;
}
