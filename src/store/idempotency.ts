/**
 * The contract of idempotency keys. Part of `port.ts`.
 *
 *     begin ──► under way (owner, until) ──► done, with the response, until it expires
 *                     │
 *                     └── abandoned, its lease has run out, or its server is gone ──► free again
 *
 * A request that stores messages gives {@link Completion} with the last of them: the response is kept in
 * the transaction that stores the message, so that no crash can fall between the two.
 */

export interface IdempotencyKey {
  /** {@link Domain.id} that the token belongs to. */
  readonly domainId: number;
  /** 1 to 255 characters; with what the caller puts before them to keep APIs apart, at most 300. */
  readonly key: string;
}

export interface IdempotencyClaim extends IdempotencyKey {
  /** Names the request: random, at least 16 characters. */
  readonly owner: string;
  readonly now: number;
  /**
   * Until when the request keeps the key if it does not finish. If only one server uses the store, the key is free when
   * the next one opens it.
   */
  readonly leaseUntil: number;
}

/** The response to give again: opaque to the store, at most {@link STORE.idempotentResponse} octets. */
type StoredResponse = string;

export type IdempotencyState =
  /** The key was free, and is this request's now. */
  | { readonly state: 'begun' }
  /** Another request has it. */
  | { readonly state: 'under-way'; readonly until: number }
  | { readonly state: 'done'; readonly response: StoredResponse };

export interface Completion extends IdempotencyKey {
  readonly owner: string;
  readonly response: StoredResponse;
  /** Until when the response is kept, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface Idempotency {
  /** Takes a key, or says who has it. Resolved: durable. May be repeated by the same owner. */
  begin(claim: IdempotencyClaim): Promise<IdempotencyState>;

  /** Puts off the end of the lease. Resolves to false if the request has lost the key. */
  renew(key: IdempotencyKey, owner: string, leaseUntil: number): Promise<boolean>;

  /**
   * Keeps the response of a request that stored no message. Resolves to false, with nothing kept, if the
   * request has lost the key.
   */
  complete(completion: Completion): Promise<boolean>;

  /** Frees the key of a request that failed. Does nothing if the request has lost it. May be repeated. */
  abandon(key: IdempotencyKey, owner: string): Promise<void>;

  /** Forgets responses that expired before `now`, and leases that ended. Bounded: call again until it resolves to 0. */
  removeExpired(now: number): Promise<number>;
}
