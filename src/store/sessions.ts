/**
 * The contract of sign-in: sessions and the administrator's password. Part of `port.ts`. The store keeps only hashes.
 */

/** The person or token that signed in. */
export type Principal =
  { readonly kind: 'administrator' } | { readonly kind: 'domain'; readonly domainId: number };

export interface Session {
  /** SHA-256 of the session's secret. */
  readonly digest: Uint8Array;
  readonly principal: Principal;
  /** All times in milliseconds since the epoch. */
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  /** Address and User-Agent of the client that signed in, for lists; one line each. */
  readonly clientAddress: string;
  readonly userAgent: string;
}

export interface Sessions {
  /**
   * Keeps a session. Resolved: durable. Resolves to false, with nothing kept, if its domain is removed.
   * If the principal has more than {@link STORE.sessions} sessions, those seen longest ago are removed.
   */
  create(session: Omit<Session, 'lastSeenAt'>): Promise<boolean>;

  /** Returns the session that is valid at `now`, or null. A session of a removed domain is not valid. */
  find(digest: Uint8Array, now: number): Promise<Session | null>;

  /**
   * Records that the session was used, and may move its end. Does nothing if the session is gone. Lost if the server
   * dies within seconds.
   */
  touch(digest: Uint8Array, lastSeenAt: number, expiresAt: number): Promise<void>;

  /** Returns sessions that are valid at `now`, newest first: those of one principal, or all. */
  list(principal: Principal | null, now: number): Promise<Session[]>;

  /**
   * Ends a session. When it resolves, the session is invalid, also after a crash. Resolves to false if it did not
   * exist.
   */
  revoke(digest: Uint8Array): Promise<boolean>;

  /** Ends all sessions of a principal except the given one. Resolves to their number. */
  revokeAll(principal: Principal, except: Uint8Array | null): Promise<number>;

  /** Removes sessions that ended before `now`. */
  removeExpired(now: number): Promise<number>;
}

export interface Administrator {
  /** The password's record, as the caller made it (a scrypt string), or null before the first start. */
  password(): Promise<string | null>;

  /**
   * Sets the record. With `onlyIfNone` it resolves to false, with nothing changed, if there is one already:
   * so two servers that start at once show one password. Ends all sessions of the administrator otherwise.
   */
  setPassword(record: string, options: { readonly onlyIfNone: boolean }): Promise<boolean>;
}
