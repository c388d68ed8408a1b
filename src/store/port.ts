/**
 * The store's contract: what a database adapter promises to the rest of the program.
 *
 * An embedded database and a shared one can both fulfil it: every call that may touch a disk or a network returns a
 * promise, identifiers come from the adapter, and nothing in it belongs to one engine. One contract suite
 * (`test/store/contract.ts`) runs on every adapter.
 */
import type { AuthFailures } from './auth-failures.js';
import type { BlockList, BlockLists } from './block-list.js';
import type { DkimKeys } from './dkim-keys.js';
import type { DomainRecords } from './domain-records.js';
import type { Completion, Idempotency } from './idempotency.js';
import type { Mail, Origin } from './mail.js';
import type { ContentNeeds, DeliveryTerms, Domain, MessageId, NewRecipient, Status } from './message.js';
import type { Nodes } from './nodes.js';
import type { Fulfilment, Queue } from './queue.js';
import type { Rates } from './rates.js';
import type { Retention } from './retention.js';
import type { Administrator, Sessions } from './sessions.js';
import type { MessageDetail, MessageSummary } from './stored-message.js';
import type { Statistics } from './statistics.js';
import type { WebhookCalls, Webhooks } from './webhooks.js';

export * from './message.js';
export type * from './scope.js';
export type * from './stored-message.js';

/** Everything that is kept of a message besides its content. */
export interface NewMessage {
  /** The {@link Domain.id} it was sent for. */
  readonly domainId: number;
  /** The mailbox of MAIL FROM without its angle brackets; empty for the null reverse-path. */
  readonly reversePath: string;
  /** At least one, in the order of the envelope. */
  readonly recipients: readonly NewRecipient[];
  /** The address in the From field. */
  readonly from: string;
  /** The decoded Subject; null if the field is missing. */
  readonly subject: string | null;
  /** Tags in order, without repetitions. */
  readonly tags: readonly string[];
  /** The value of List-Unsubscribe; null if the field is missing. */
  readonly listUnsubscribe: string | null;
  /** The Message-ID with its angle brackets; null if it is missing or cannot be parsed. */
  readonly messageId: string | null;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** TLS version and cipher of the client's connection, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`; null without TLS. */
  readonly tls: string | null;
  /** Address of the client that sent it. */
  readonly clientAddress: string;
  /** The status that every recipient begins with. */
  readonly status: 'held' | 'queued';
  /** The terms of delivery; a missing one was not asked for. */
  readonly terms?: Partial<DeliveryTerms>;
  /** The extensions that the content needs. Default: null, not computed. */
  readonly needs?: ContentNeeds | null;
  /** If the message is a notification: what is no longer owed once it is stored. Default: nothing. */
  readonly fulfils?: Fulfilment;
  /** How the message came in. Default: by SMTP, with nothing else known. */
  readonly origin?: Partial<Origin>;
  /** If the request had an idempotency key: the result that {@link Idempotency} keeps once the message is stored. */
  readonly completes?: Completion;
}

/** Which messages to list. Every condition given must hold. */
export interface MessageQuery {
  /** Domain name. */
  readonly domain?: string;
  readonly tag?: string;
  readonly status?: Status;
  /** Only messages older than this one: the way to ask for the next page. */
  readonly before?: MessageId;
  /** At most this many, newest first. */
  readonly limit: number;
}

/**
 * A message that is being received. Exactly one of {@link commit} and {@link discard} ends it; if the process dies in
 * between, nothing remains that a reader of the store could see.
 */
export interface Draft {
  /** The id, known from the start so that the trace field can have it. */
  readonly id: MessageId;

  /**
   * Takes the next octets of the content.
   *
   * Ownership: the octets are copied before the call returns; the caller may reuse its buffer. If a promise is
   * returned, the caller should wait: the octets in flight are over their budget. It resolves when there is room again
   * and never rejects; {@link commit} reports a failure of the store.
   */
  write(octets: Uint8Array): void | Promise<void>;

  /**
   * Ends the content and makes the message durable.
   *
   * If it resolves, the message, recipients, tags and content are on stable storage, once. If it rejects with a {@link
   * StoreError}, nothing of the message is, or ever will be, visible (`fulfilled`: the notification that it is for is
   * no longer owed). It cannot be repeated: the draft is spent in either case. (No store can remove one doubt: if the
   * database is lost during the call and cannot be asked afterwards, `failed` may stand for a message that is stored.
   * The sender then tries again, and at worst the message is there twice.)
   */
  commit(message: NewMessage): Promise<void>;

  /** Gives the message up and frees what it holds. Safe to repeat; does nothing after a commit. */
  discard(): void;
}

/** Kinds of failures that a caller can act on. */
export type StoreErrorCode =
  /** No room on the device. Temporary: the same may work later (452 4.3.1). */
  | 'full'
  /** The device or the database failed. Temporary, as far as is known (451 4.3.0). */
  | 'failed'
  /**
   * The database's files were removed or replaced while they were open: nothing is kept, and nothing will be until
   * the server is started anew (451 4.3.0).
   */
  | 'lost'
  /** The message's notification is no longer owed: it has been made, or dropped, or another one is owed now. */
  | 'fulfilled'
  /** The request has lost its idempotency key: its lease ran out, and another request has taken it. Nothing is stored. */
  | 'superseded'
  /** The store has been closed. */
  | 'closed'
  /** Another server runs on this store. */
  | 'in-use'
  /** The store was written by a newer version of the program. */
  | 'newer'
  /** The store cannot be opened: permissions, not a folder, not a database. */
  | 'unreadable';

/** A failure of the store. The message is for the operator, never for the SMTP client. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  constructor(
    readonly code: StoreErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An owner of octets of a message that no draft has yet. */
export interface OctetHolder {
  /** Asks the holder to let go of its octets, since others need the room. They are no longer counted. */
  evict(): void;
}

/** Counts octets in memory that are not in a draft yet, against the budget of the drafts. */
export interface HeldOctets {
  /**
   * Counts so many octets for a holder, in place of what was counted for it before; 0 when it is done. If all holders
   * together have more than half of the budget, those that have most are asked to let go, this one maybe among them.
   */
  set(holder: OctetHolder, octets: number): void;
}

export interface Store {
  readonly queue: Queue;
  readonly blockList: BlockList;
  readonly webhooks: Webhooks;
  readonly dkimKeys: DkimKeys;
  readonly retention: Retention;
  readonly sessions: Sessions;
  readonly administrator: Administrator;
  readonly idempotency: Idempotency;
  /** The part for messages that only the HTTP API uses. */
  readonly mail: Mail;
  readonly statistics: Statistics;
  /** Domains with their settings and numbers of messages, and the totals of the store. */
  readonly domainRecords: DomainRecords;
  readonly blockLists: BlockLists;
  readonly webhookCalls: WebhookCalls;
  readonly nodes: Nodes;
  readonly rates: Rates;
  readonly authFailures: AuthFailures;

  // ---- receiving messages

  /** Octets of messages that are held before a draft takes them, such as a header section that is not complete. */
  readonly held: HeldOctets;

  /** Opens a draft. Costs no I/O. Throws a {@link StoreError} `closed` after {@link close}. */
  open(): Draft;

  // ---- domains and tokens. Names must be normalized; the store keeps only the SHA-256 of tokens.

  /**
   * Adds a domain with its token, or brings a removed one back with its messages. Resolves to null, with nothing
   * changed, if the name is in use.
   */
  addDomain(name: string, tokenDigest: Uint8Array, now: number): Promise<Domain | null>;

  /** Returns all domains that are not removed, by name. */
  domains(): Promise<Domain[]>;

  /**
   * Removes the domain and its tokens; its messages stay readable. Resolves to false if there is no such domain. May
   * be repeated.
   */
  removeDomain(name: string, now: number): Promise<boolean>;

  /**
   * Gives the domain a new token. Every earlier token goes on working until `oldUntil` (milliseconds since the epoch),
   * but not longer than it would have. Resolves to false if there is no such domain.
   */
  rotateToken(name: string, tokenDigest: Uint8Array, oldUntil: number, now: number): Promise<boolean>;

  /** Returns the domain whose token has this digest and is in force at `now`, or null. */
  domainByToken(tokenDigest: Uint8Array, now: number): Promise<Domain | null>;

  // ---- reading

  messages(query: MessageQuery): Promise<MessageSummary[]>;

  /** Returns a message; null if there is no such message. */
  message(id: MessageId): Promise<MessageDetail | null>;

  /**
   * Yields the stored octets in order, chunk by chunk, in bounded memory for any size. Empty if there is no such
   * message, or if its content has been removed.
   */
  content(id: MessageId): AsyncIterable<Uint8Array>;

  /**
   * The reason why the store can do nothing until the server is started anew (`lost`); null while it works. Costs no
   * I/O.
   */
  readonly fault: StoreError | null;

  /** Returns true while no domain has ever been added. */
  isEmpty(): Promise<boolean>;

  /** Commits everything that was given to it, then closes. Later calls reject with `closed`. May be repeated. */
  close(): Promise<void>;
}
