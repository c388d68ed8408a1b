/**
 * The contract of messages as the API and its users see them: listing, search, one message, and operations by hand.
 * Part of `port.ts`. Every call takes a {@link Scope}.
 */
import type { MessageId, NewRecipient, Status } from './message.js';
import type { ReportKind } from './queue.js';
import type { MessageFilter, Selection } from './search.js';
import type { Scope } from './scope.js';
import type { MessageDetail, MessageSummary } from './stored-message.js';
import type { WebhookCall } from './webhooks.js';

/**
 * Where a page begins. Opaque to callers but for one thing: it is a positive safe integer, so that it can
 * be written into a cursor and checked when it comes back. It reveals nothing but a time. Any positive safe
 * integer is valid, and none widens the scope.
 */
export type Position = number;

export interface PageRequest {
  readonly filter: MessageFilter;
  /** Only messages older than this position: {@link Page.next} of the page before. Default: from the newest. */
  readonly before?: Position;
  /** Only messages that were stored after this message: {@link Page.latest} of a page before. Default: all. */
  readonly newerThan?: MessageId;
  /** At most this many, newest first. 1 to {@link STORE.page}. */
  readonly limit: number;
}

export interface Page {
  /** Newest first. May be fewer than asked for, even none, although {@link next} is not null: each call does bounded work. */
  readonly messages: readonly MessageSummary[];
  /** Where the next page begins; null at the end. */
  readonly next: Position | null;
  /**
   * The message of the scope that was stored last before the page was read, whether it matches or not; null if there is
   * none. Not always the one with the greatest id: ids are given out when the content of a message begins to come in.
   *
   * Whatever is stored later is not in the page, so it comes once in the pages after this message. There are two
   * exceptions, and nothing is missed by either. In a store of several servers, a message with a lesser id that is stored
   * while the page is read may be in it as well. If such a store cannot know the message at the moment, this is {@link
   * PageRequest.newerThan}, or null, and all comes again.
   */
  readonly latest: MessageId | null;
}

/** How a message came in. */
export interface Origin {
  /** `report`: a notification that this server made. */
  readonly way: 'smtp' | 'api' | 'report';
  /** The address and port of the listener; null if it is not known, as for messages of earlier versions. */
  readonly listener: string | null;
  /** The name that the client gave in EHLO or HELO, or its User-Agent; one line; null if there was none. */
  readonly hello: string | null;
}

/** All that is kept of one message. */
export interface MessageRecord extends MessageDetail {
  /** {@link Domain.id} of its domain. */
  readonly domainId: number;
  readonly origin: Origin;
  /** Notifications that the sender is owed and that are not made yet. */
  readonly owed: readonly { readonly position: number; readonly report: ReportKind }[];
  /** Webhook calls about it, newest first, at most {@link STORE.callsOfMessage}. */
  readonly calls: readonly WebhookCall[];
}

/**
 * - `retry`: makes waiting recipients due now
 * - `cancel`: gives up waiting and held recipients; no notification is sent
 * - `release`: releases held messages
 * - `delete`: removes finished messages (each recipient final, no notification owed) with all that is kept of them;
 *   what is not finished is passed over. Statistics do not change.
 */
export type Operation = 'retry' | 'cancel' | 'release' | 'delete';

export interface OperationRequest {
  readonly operation: Operation;
  readonly selection: Selection;
  /** {@link OperationStep.next} of the step before. Default: from the newest. */
  readonly before?: Position;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The result of one step. */
export interface OperationStep {
  /** Messages that it changed. */
  readonly changed: readonly MessageId[];
  /** Number of messages that matched but needed no change. */
  readonly unchanged: number;
  /** The position at which the next step begins; null if everything is done. */
  readonly next: Position | null;
}

/** Tags to put on and to take off messages. */
export interface Retag {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Something has happened to a message. */
export interface MailChange {
  readonly id: MessageId;
  readonly domainId: number;
  /** `status`: the status of the message, or of one of its recipients, has changed. */
  readonly kind: 'accepted' | 'status' | 'removed' | 'tags';
  /** The status that the message has now; null for `removed`, or if it is not known without reading the message. */
  readonly status: Status | null;
}

export interface MailWatcher {
  /** Receives changes in the scope, in the order in which they happened, many at a time. Must not throw. */
  changed(changes: readonly MailChange[]): void;
  /**
   * Says that more has happened than is listed: another process did it, or there were more than {@link STORE.changes}
   * at once. The caller should read again. It may be called needlessly.
   */
  missed(): void;
}

/** The values of a message that is sent again. */
export interface NewTry {
  /** Default: all recipients of the stored message. */
  readonly recipients?: readonly NewRecipient[];
  readonly receivedAt: number;
  readonly status: 'held' | 'queued';
  /** The client address of the request to send it again. */
  readonly clientAddress: string;
  readonly tls: string | null;
  readonly origin: Origin;
}

export interface Mail {
  /**
   * Returns one page of the messages that match.
   *
   * A page is complete: it has every message that was committed before the call and matches, unless
   * {@link Page.next} leads to it. Does bounded work, and holds up no commit.
   */
  page(scope: Scope, request: PageRequest): Promise<Page>;

  /** Returns one message, or null if the scope does not have it. */
  message(scope: Scope, id: MessageId): Promise<MessageRecord | null>;

  /**
   * Yields the stored octets in order, chunk by chunk. Empty if the scope does not have the message, or if its content
   * has been removed.
   */
  content(scope: Scope, id: MessageId): AsyncIterable<Uint8Array>;

  /**
   * Returns the header section with its last CRLF, without the blank line; null if there is no such message
   * in the scope or its content has been removed. At most {@link STORE.headerSection} octets of it.
   */
  headerSection(scope: Scope, id: MessageId): Promise<Uint8Array | null>;

  /**
   * Does one bounded step of an operation, in one transaction. Call again with `next` until that is null.
   * A step may be repeated: what is done already is left as it is.
   */
  operate(scope: Scope, request: OperationRequest): Promise<OperationStep>;

  /**
   * Puts tags on messages and takes tags off, one bounded step as {@link operate}. The statistics of the tags
   * change with it, back to the hour in which each message came in. A message keeps at most {@link STORE.tags} tags.
   */
  retag(scope: Scope, retag: Retag, selection: Selection, before?: Position): Promise<OperationStep>;

  /**
   * Calls the watcher for what happens from now on, and returns the function that ends it. Nothing is
   * queued for a watcher beyond one turn of the event loop, so a slow one costs no memory here. Never rejects
   * anything: after a failure of the store it calls `missed`.
   */
  watch(scope: Scope, watcher: MailWatcher): () => void;
}
