/** The contract of domains as the API shows and changes them. Part of `port.ts`. */
import type { Domain, Status } from './message.js';
import type { Scope } from './scope.js';

export interface DomainRecord extends Domain {
  /** Stored messages by status. Every status is there. */
  readonly messages: Readonly<Record<Status, number>>;
  /** Octets of stored content. */
  readonly contentOctets: number;
  /** How many tokens are valid, and until when. Rotated tokens have an end; digests are not shown. */
  readonly tokens: readonly TokenRecord[];
  readonly retention: DomainRetention;
}

interface TokenRecord {
  /** Milliseconds since the epoch; null for a token of an earlier version. */
  readonly createdAt: number | null;
  /** When a client last used it, exact to a minute; null if that is not known. */
  readonly lastUsedAt: number | null;
  /** Until when it is valid; null for the current one. */
  readonly expiresAt: number | null;
}

/** How long a domain's mail is kept; null: as the server's configuration says. */
export interface DomainRetention {
  /** Content is removed when it is older than this, in milliseconds. */
  readonly contentAge: number | null;
  /** Messages are removed when they are older than this, in milliseconds. */
  readonly messageAge: number | null;
  /** While the stored content has more octets than this, that of the oldest finished messages is removed. */
  readonly contentOctets: number | null;
}

/** What happens to waiting messages when a domain is removed: they are still delivered, or they are given up. */
type Remainder = 'keep' | 'cancel';

/** The numbers of {@link DomainRecord} of all domains together, removed ones included. */
export type StoreTotals = Pick<DomainRecord, 'messages' | 'contentOctets'>;

export interface DomainRecords {
  /** Domains of the scope that are not removed, by name, after `after`; at most `limit`. `contains` is part of the name. */
  list(
    scope: Scope,
    query: { readonly contains?: string; readonly after?: string; readonly limit: number },
    now: number,
  ): Promise<DomainRecord[]>;

  /** Returns one domain, or null if the scope does not have it. */
  find(scope: Scope, name: string, now: number): Promise<DomainRecord | null>;

  /** Returns the totals of the whole store, from counters: the work does not grow with the messages. */
  totals(): Promise<StoreTotals>;

  /**
   * Records that a token was used; written to the disk at most once a minute. Never rejects; lost if the server dies
   * within seconds.
   */
  tokenUsed(tokenDigest: Uint8Array, at: number): Promise<void>;

  /**
   * Removes the domain, its tokens and sessions, and, with `cancel`, gives up what waits of it. Resolved with a
   * number: durable, and so many messages were cancelled. Null if there is no such domain in the scope. The tokens
   * are refused from the first moment; cancelling goes on in bounded steps until the promise resolves. If the server
   * dies meanwhile, {@link Mail.operate} with `cancel` does the rest.
   */
  remove(scope: Scope, name: string, remainder: Remainder, now: number): Promise<number | null>;

  /** Sets the domain's retention. Resolves to false if there is no such domain in the scope. */
  setRetention(scope: Scope, name: string, retention: DomainRetention): Promise<boolean>;
}
