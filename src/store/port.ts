/**
 * The store's contract: what a database adapter promises to the rest of the house.
 *
 * It is written so that an embedded database and a shared one can both fulfil it: every call that can
 * touch a disk or a network returns a promise, identifiers come from the adapter, and nothing in its
 * shape belongs to one engine. One contract suite (`test/store/contract.ts`) runs on every adapter.
 */
import type { BlockList, BlockLists } from './block-list.js';
import type { DkimKeys } from './dkim-keys.js';
import type { DomainRecords } from './domain-records.js';
import type { Completion, Idempotency } from './idempotency.js';
import type { Mail, Origin } from './mail.js';
import type { ContentNeeds, DeliveryTerms, Domain, MessageId, NewRecipient, Status } from './message.js';
import type { Fulfilment, Queue } from './queue.js';
import type { Retention } from './retention.js';
import type { Administrator, Sessions } from './sessions.js';
import type { MessageDetail, MessageSummary } from './stored-message.js';
import type { Statistics } from './statistics.js';
import type { WebhookCalls, Webhooks } from './webhooks.js';

export * from './message.js';
export type * from './scope.js';
export type * from './stored-message.js';

/** All that is kept of a message beside its content. */
export interface NewMessage {
  /** The {@link Domain.id} it was sent for. */
  readonly domainId: number;
  /** The mailbox of MAIL FROM without its angle brackets; empty for the null reverse-path. */
  readonly reversePath: string;
  /** At least one, in the order of the envelope. */
  readonly recipients: readonly NewRecipient[];
  /** The address in the From field. */
  readonly from: string;
  /** Decoded; null where the message has no Subject. */
  readonly subject: string | null;
  /** In order, no repeats. */
  readonly tags: readonly string[];
  /** The value of List-Unsubscribe, null where there is none. */
  readonly listUnsubscribe: string | null;
  /** The Message-ID with its angle brackets, null where it has none that parses. */
  readonly messageId: string | null;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** Version and cipher of the connection it came on, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`. */
  readonly tls: string | null;
  /** Address of the client that sent it. */
  readonly clientAddress: string;
  /** What every recipient starts as. */
  readonly status: 'held' | 'queued';
  /** What is absent was not asked for. */
  readonly terms?: Partial<DeliveryTerms>;
  /** What its content needs. Default: null, not computed. */
  readonly needs?: ContentNeeds | null;
  /** Of a message that is a notification: what is owed no longer once it is stored. Default: nothing. */
  readonly fulfils?: Fulfilment;
  /** How it came in. Default: by SMTP, with nothing known of the rest. */
  readonly origin?: Partial<Origin>;
  /** Of a request with an idempotency key: what {@link Idempotency} keeps once the message is stored. */
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
 * A message on its way in. Exactly one of {@link commit} and {@link discard} ends it; a process that
 * dies in between leaves nothing that a reader of the store could see.
 */
export interface Draft {
  /** Known from the start, so that the trace field can carry it. */
  readonly id: MessageId;

  /**
   * Takes the next octets of the content.
   *
   * Ownership: the octets are copied before the call returns; the caller may reuse its buffer.
   * A returned promise asks the caller to wait: the octets in flight are over their budget. It resolves
   * when there is room again and never rejects; a failure of the store is told by {@link commit}.
   */
  write(octets: Uint8Array): void | Promise<void>;

  /**
   * Ends the content and makes the message durable.
   *
   * Resolved: message, recipients, tags and content are on stable storage, once.
   * Rejected with a {@link StoreError}: nothing of it is, or ever will be, visible (`fulfilled`: a
   * notification that it is for is owed no longer). Not to be repeated:
   * the draft is spent either way. (The one doubt that no store can remove: where the database is lost
   * during the call and cannot be asked afterwards, `failed` may stand for a message that is stored. So it
   * is for the sender to try again, and at worst the message is there twice.)
   */
  commit(message: NewMessage): Promise<void>;

  /** Gives the message up and frees what it holds. Safe to repeat; does nothing after a commit. */
  discard(): void;
}

/** What went wrong, in terms the caller can act on. */
export type StoreErrorCode =
  /** No room on the device. Passing: the same may work later (452 4.3.1). */
  | 'full'
  /** The device or the database failed. Passing, as far as anybody knows (451 4.3.0). */
  | 'failed'
  /**
   * The database's files were removed or replaced while they were open: nothing is kept, and nothing will be until
   * the server is started anew (451 4.3.0).
   */
  | 'lost'
  /** What the message was to fulfil is owed no longer: it has been paid, or dropped, or something else is owed now. */
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

/** Something that holds octets of a message that no draft has yet. */
export interface OctetHolder {
  /** Asks it to let go of them: others need the room. They are counted no longer. */
  evict(): void;
}

/** Counts octets in memory that drafts have not got, against the budget of the drafts. */
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
  /** What the HTTP API asks beside. */
  readonly mail: Mail;
  readonly statistics: Statistics;
  readonly domainRecords: DomainRecords;
  readonly blockLists: BlockLists;
  readonly webhookCalls: WebhookCalls;

  // ---- intake

  /** What is held of messages before a draft takes it, such as a header section that is not complete. */
  readonly held: HeldOctets;

  /** Opens a message. Costs no I/O. Throws a {@link StoreError} `closed` after {@link close}. */
  open(): Draft;

  // ---- domains and tokens. Names must be normalized; tokens are known by their SHA-256 alone.

  /**
   * Adds a domain with its token, or brings a removed one back with its messages.
   * Resolves to null where the name is in use already (nothing has changed then).
   */
  addDomain(name: string, tokenDigest: Uint8Array, now: number): Promise<Domain | null>;

  /** All domains that are not removed, by name. */
  domains(): Promise<Domain[]>;

  /**
   * Removes the domain and its tokens; its messages stay readable.
   * Resolves to false where there is no such domain. May be repeated.
   */
  removeDomain(name: string, now: number): Promise<boolean>;

  /**
   * Gives the domain a new token. Every token that it had goes on working until `oldUntil`
   * (milliseconds since the epoch) and no longer than it would have.
   * Resolves to false where there is no such domain.
   */
  rotateToken(name: string, tokenDigest: Uint8Array, oldUntil: number, now: number): Promise<boolean>;

  /** The domain whose token has this digest and is in force at `now`, or null. */
  domainByToken(tokenDigest: Uint8Array, now: number): Promise<Domain | null>;

  // ---- reading

  messages(query: MessageQuery): Promise<MessageSummary[]>;

  /** Null where there is no such message. */
  message(id: MessageId): Promise<MessageDetail | null>;

  /**
   * The stored octets, in order, chunk by chunk: bounded memory whatever the size. Empty where there is no
   * such message, or its content has been removed.
   */
  content(id: MessageId): AsyncIterable<Uint8Array>;

  /** Why the store can do nothing until the server is started anew (`lost`); null while it works. Costs no I/O. */
  readonly fault: StoreError | null;

  /** True while no domain has ever been added. */
  isEmpty(): Promise<boolean>;

  /** Commits what was given to it, then closes. Later calls reject with `closed`. May be repeated. */
  close(): Promise<void>;
}

/** The store that the HTTP API is built on. */
export type ManagedStore = Store;
