/**
 * The contract of the queue: the calls of a store that delivery uses. Part of `port.ts`, whose rules hold here as
 * well; no name here belongs to one database either.
 *
 * A message is on the queue while one of its recipients is `queued` or `deferred`. The outcome of an attempt is
 * written once it is known, and never taken back: a final status stays.
 */
import type { ContentNeeds, DeliveryTerms, Domain, MessageId, NewRecipient, Status } from './message.js';

/** The outcome of one attempt. */
export type AttemptOutcome = 'delivered' | 'deferred' | 'bounced' | 'cancelled';

/** One attempt to deliver to one recipient. */
export interface Attempt {
  /** When it ended, in milliseconds since the epoch. */
  readonly at: number;
  readonly outcome: AttemptOutcome;
  /** The server that answered: a host name or address, or what stands for one. Null if no server was reached. */
  readonly remoteHost: string | null;
  /** The reply of the remote server, or in words what went wrong; one line without control characters. */
  readonly reply: string;
  /** TLS version and cipher of the connection; null without TLS. */
  readonly tls: string | null;
}

/** The kinds of notifications that a sender can be owed (RFC 3461 4.1): see {@link Queue.owedReports}. */
export type ReportKind = 'failed' | 'delayed' | 'delivered' | 'relayed';

/** A recipient that is due, with what delivery needs. */
export interface LeasedRecipient extends Required<NewRecipient> {
  /** Its place in the envelope, from 0; with the message's id it identifies the recipient. */
  readonly position: number;
  /** Number of attempts so far. */
  readonly attempts: number;
  /** True once the sender has been notified, or is owed a notification, that delivery takes long. */
  readonly delayReported: boolean;
}

/** A message that one server has the sole right to deliver, until `until`. */
export interface Lease {
  /**
   * Unique number of this lease. {@link Queue.settle} uses it to detect a lease that has expired and been given out
   * again.
   */
  readonly lease: number;
  readonly id: MessageId;
  readonly domain: Domain;
  /** Empty for the null reverse-path. */
  readonly reversePath: string;
  readonly from: string;
  readonly tags: readonly string[];
  readonly messageId: string | null;
  /** Octets of the stored content. */
  readonly size: number;
  readonly receivedAt: number;
  readonly terms: DeliveryTerms;
  /** The extensions that the content needs; null if they were not computed when the message was accepted. */
  readonly needs: ContentNeeds | null;
  /** The recipients that are due, in the order of the envelope: at least one. */
  readonly recipients: readonly LeasedRecipient[];
  /** When the lease ends unless it is renewed, in milliseconds since the epoch. */
  readonly until: number;
  /** All of the content, if it is within {@link LeaseRequest.contentOctets}. */
  readonly content?: Uint8Array;
  /** True if an operator asked to try it now: {@link Queue.retry}. */
  readonly hastened?: true;
  /** Absent unless the server died in the last attempt: see {@link Queue.begin}. */
  readonly crashes?: Crashes;
}

/** Attempts to deliver a message in which the server died. */
export interface Crashes {
  /** Their number in a row; an attempt that ends in any other way sets it back to 0. */
  readonly count: number;
  /**
   * True if the last one was the only attempt under way, of all messages and events of webhooks. False if it had lasted:
   * see {@link Queue.lasts}.
   */
  readonly alone: boolean;
}

export interface LeaseRequest {
  readonly now: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Largest number of messages. */
  readonly limit: number;
  /** Largest number of messages of one sending domain, counting those that are leased already. */
  readonly perDomain: number;
  /** Content of at most this many octets comes with its lease, which saves a call. Default: no content does. */
  readonly contentOctets?: number;
}

/** Bounds for the times at which mail or events are due: see {@link Queue.capDue}. */
export interface CapRequest {
  readonly now: number;
  /** The longest gap between two attempts, in milliseconds. */
  readonly longest: number;
}

/** The result of one attempt for one recipient. */
export interface Settlement {
  readonly position: number;
  readonly attempt: Attempt;
  /** For a deferred recipient: it is not tried before this time, in milliseconds since the epoch. */
  readonly nextAttemptAt: number | null;
  /** A notification that the sender is owed from now on; null for no change. */
  readonly report: ReportKind | null;
  /** If true, the recipient goes on the block list of the sending domain, with the attempt's reply as the reason. */
  readonly block: boolean;
}

/** A message whose sender is owed notifications. */
export interface OwedReport {
  readonly id: MessageId;
  readonly domain: Domain;
  /** Never empty: with the null reverse-path no notification is owed. */
  readonly reversePath: string;
  readonly messageId: string | null;
  readonly receivedAt: number;
  readonly terms: DeliveryTerms;
  readonly recipients: readonly ReportedRecipient[];
}

export interface ReportedRecipient extends Required<NewRecipient> {
  readonly position: number;
  readonly report: ReportKind;
  readonly attempt: Attempt;
  /** When a delayed recipient is tried next; null for the others. */
  readonly nextAttemptAt: number | null;
}

/**
 * The notifications that a message fulfils: they are no longer owed from the moment at which it is committed. Each is
 * named with its kind, so that a notice of delay never fulfils the notice of a failure that has come meanwhile.
 */
export interface Fulfilment {
  readonly id: MessageId;
  readonly recipients: readonly Pick<ReportedRecipient, 'position' | 'report'>[];
}

/** One waiting recipient, as `postern queue` shows it. */
export interface Waiting {
  readonly id: MessageId;
  /** Name of the sending domain. */
  readonly domain: string;
  readonly from: string;
  readonly forwardPath: string;
  readonly status: Extract<Status, 'queued' | 'deferred'>;
  readonly receivedAt: number;
  readonly attempts: number;
  /** When it is due, in milliseconds since the epoch. */
  readonly nextAttemptAt: number;
  /** True while a server delivers it. */
  readonly leased: boolean;
  readonly lastAttempt: Attempt | null;
}

export interface WaitingQuery {
  /** Name of the sending domain. */
  readonly domain?: string;
  /** Only messages newer than this one: the way to ask for the next page. A page ends between messages. */
  readonly after?: MessageId;
  /** Largest number of messages, oldest first. */
  readonly limit: number;
}

export interface Queue {
  /**
   * Takes messages that have recipients due at `now` and that no server has a lease on, and makes the lease durable.
   * Sending domains take turns, however much each has waiting; within a domain, a higher priority goes first (RFC
   * 6710), then the message that has been due longest.
   *
   * If a lease has expired, the next call may give the message to another server. The same holds for all leases of a
   * server that had the store to itself and is gone.
   */
  lease(request: LeaseRequest): Promise<Lease[]>;

  /**
   * Extends leases, and returns the ids of those that are not stale: other messages may be in the hands of another server.
   * Stale leases are skipped. May be repeated.
   */
  renew(leases: readonly Lease[], until: number): Promise<readonly MessageId[]>;

  /**
   * Returns the number of a period in which no other server takes over from this one, because the store heard of it without
   * a break. If {@link lease} or {@link renew} is called and resolves within one period, then this server has these leases
   * as long as the period lasts and they are renewed. Null if the store has not heard of the server for so long that others
   * may take over, as after it stood still: then the next {@link renew} lets the store hear of it first. Costs no call of the
   * store, so that it can be asked before anything is sent.
   */
  period(): number | null;

  /**
   * Records that attempts under these leases begin. When it resolves, the record survives the death of the process,
   * though not that of the machine. If the server dies before {@link settle} or {@link giveBack}, the next lease of
   * the message says so in {@link Lease.crashes}; if the store is closed in order, no attempt is counted. Stale leases
   * are skipped. May be repeated.
   */
  begin(leases: readonly Lease[]): Promise<void>;

  /**
   * Records that the attempt under this lease has lasted for a while and the server works, as with a remote server that
   * is slow. If the server dies from now on, the attempt counts as one that was not alone. A stale lease is skipped. May
   * be repeated.
   */
  lasts(lease: Lease): Promise<void>;

  /**
   * Writes the results of attempts. When it resolves, they are durable with everything that follows from them (the
   * status of the message, the block list, owed reports, events for webhooks), all or nothing.
   *
   * If a recipient has a final status, it keeps it and the call skips it, so the call may be repeated. A delivery is
   * written even if the lease is stale, since it has happened; anything else under a stale lease is skipped.
   *
   * @param finished true ends the lease: recipients that are not final are due again at the `nextAttemptAt` that they
   * have
   */
  settle(lease: Lease, settlements: readonly Settlement[], finished: boolean): Promise<void>;

  /** Gives a message back without an attempt, due again at `at`. */
  giveBack(lease: Lease, at: number): Promise<void>;

  /**
   * Corrects the times at which recipients are due after the clock was put back, as `cappedDue` of `due-time.ts`
   * says: none is further ahead than `longest`, except for a message whose release time is still ahead. Leases end
   * within `longest` too, unless they are renewed. Resolves to how many recipients are due sooner. May be repeated.
   */
  capDue(request: CapRequest): Promise<number>;

  /**
   * Returns when {@link lease} has something to give next, in milliseconds since the epoch; null if nothing waits. If
   * a message is leased, that is when its lease ends.
   */
  nextDue(): Promise<number | null>;

  /**
   * Calls the listener when something may have become due before the time of {@link nextDue}: a message has come in,
   * or one was released or retried, in this process or another. If it was another process, the call may come seconds
   * later, or needlessly. Returns a function that ends it.
   */
  watch(listener: () => void): () => void;

  /** Returns waiting recipients, message by message, oldest first. */
  waiting(query: WaitingQuery): Promise<Waiting[]>;

  /**
   * Releases a held message: its recipients are due now, and this is its `releaseAt`, from which its age counts.
   * Resolves to the number of recipients.
   */
  release(id: MessageId, now: number): Promise<number>;

  /**
   * Makes the waiting recipients of a message due now, before others of its domain and priority. Resolves to their
   * number.
   */
  retry(id: MessageId, now: number): Promise<number>;

  /** Gives up the waiting and held recipients of a message without a notification. Resolves to their number. */
  cancel(id: MessageId, now: number): Promise<number>;

  /**
   * Returns messages whose senders are owed notifications, oldest first. A commit with a {@link Fulfilment} fulfils
   * them.
   */
  owedReports(limit: number): Promise<OwedReport[]>;

  /** Drops notifications that cannot be made. */
  dropReports(fulfilment: Fulfilment): Promise<void>;
}
