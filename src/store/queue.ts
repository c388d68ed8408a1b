/**
 * The contract of the queue: what delivery asks of a store. Part of `port.ts`, which says what holds for all
 * of it; no name here belongs to one database either.
 *
 * A message is on the queue while one of its recipients is `queued` or `deferred`. What becomes of a
 * recipient is written once it is known, and never taken back: a final status stays.
 */
import type { ContentNeeds, DeliveryTerms, Domain, MessageId, NewRecipient, Status } from './message.js';

/** What one try came to. */
export type AttemptOutcome = 'delivered' | 'deferred' | 'bounced' | 'cancelled';

/** One try to deliver to one recipient: a line of its story. */
export interface Attempt {
  /** When it ended, in milliseconds since the epoch. */
  readonly at: number;
  readonly outcome: AttemptOutcome;
  /** Who answered: a host name or address, or what stands for one. Null where nobody was reached. */
  readonly remoteHost: string | null;
  /** The reply of the far side, or in words what went wrong; one line without controls. */
  readonly reply: string;
  /** Version and cipher it went over, null without TLS. */
  readonly tls: string | null;
}

/** What the sender is owed a notification of (RFC 3461 4.1): see {@link Queue.owedReports}. */
export type ReportKind = 'failed' | 'delayed' | 'delivered' | 'relayed';

/** A recipient that is due, as the one who delivers to it needs it. */
export interface LeasedRecipient extends Required<NewRecipient> {
  /** Its place in the envelope, from 0: what names it together with the message. */
  readonly position: number;
  /** How many tries there have been. */
  readonly attempts: number;
  /** True once the sender has been told, or is owed to be told, that it takes long. */
  readonly delayReported: boolean;
}

/** A message that somebody has the sole right to deliver, until `until`. */
export interface Lease {
  /** Names this lease, and no other one ever: what {@link Queue.settle} knows a stale one by. */
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
  /** What the stored content needs; null if that was not computed when the message was accepted. */
  readonly needs: ContentNeeds | null;
  /** Those that are due, in the order of the envelope: at least one. */
  readonly recipients: readonly LeasedRecipient[];
  /** When it ends unless it is renewed, in milliseconds since the epoch. */
  readonly until: number;
  /** All of the content, where it is within {@link LeaseRequest.contentOctets}. */
  readonly content?: Uint8Array;
  /** Somebody asked for it to be tried now: {@link Queue.retry}. */
  readonly hastened?: true;
  /** Absent unless the server died in the last attempt: see {@link Queue.begin}. */
  readonly crashes?: Crashes;
}

/** Attempts to deliver a message in which the server died. */
export interface Crashes {
  /** How many in a row; an attempt that ends in any other way sets it back to 0. */
  readonly count: number;
  /** Whether the last was the only attempt under way: no other message, and no event of a webhook. */
  readonly alone: boolean;
}

export interface LeaseRequest {
  readonly now: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** Messages at most. */
  readonly limit: number;
  /** Messages of one sending domain at most, with those that are leased already. */
  readonly perDomain: number;
  /** Content up to so many octets comes with its lease, to save asking for it. Default: none does. */
  readonly contentOctets?: number;
}

/** Bounds for the times at which mail or events are due: see {@link Queue.capDue}. */
export interface CapRequest {
  readonly now: number;
  /** The longest gap between two attempts, in milliseconds. */
  readonly longest: number;
}

/** What became of one recipient in one try. */
export interface Settlement {
  readonly position: number;
  readonly attempt: Attempt;
  /** Of a recipient that is deferred: not to be tried before this, in milliseconds since the epoch. */
  readonly nextAttemptAt: number | null;
  /** A notification that the sender is owed from now on, null for none. */
  readonly report: ReportKind | null;
  /** True puts the recipient on the block list of the sending domain, with the attempt's reply as the reason. */
  readonly block: boolean;
}

/** A message whose sender is owed notifications, and of what. */
export interface OwedReport {
  readonly id: MessageId;
  readonly domain: Domain;
  /** Never empty: nobody is owed anything about a message with the null reverse-path. */
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
  /** When a delayed one is tried next; null for others. */
  readonly nextAttemptAt: number | null;
}

/**
 * The notifications that a message fulfils: they are owed no longer from the moment it is committed. Each is
 * named with its kind, so that a notice of delay never pays for the failure that has come meanwhile.
 */
export interface Fulfilment {
  readonly id: MessageId;
  readonly recipients: readonly Pick<ReportedRecipient, 'position' | 'report'>[];
}

/** One recipient that waits, as `postern queue` shows it. */
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
  /** True while somebody delivers it. */
  readonly leased: boolean;
  readonly lastAttempt: Attempt | null;
}

export interface WaitingQuery {
  /** Name of the sending domain. */
  readonly domain?: string;
  /** Only messages newer than this one: the way to ask for the next page. A page ends between messages. */
  readonly after?: MessageId;
  /** Messages at most, oldest first. */
  readonly limit: number;
}

export interface Queue {
  /**
   * Takes messages that have recipients due at `now` and that nobody has a lease on, and makes the lease
   * durable. Sending domains take turns, whatever each has waiting; within one, a higher priority goes
   * first (RFC 6710), then what has been due longest.
   *
   * A lease that has run out is nobody's: the next call may give the message to another. So are all leases
   * of a server that has the store to itself and is gone.
   */
  lease(request: LeaseRequest): Promise<Lease[]>;

  /** Puts off the end of leases. Those that are nobody's any longer are passed over. May be repeated. */
  renew(leases: readonly Lease[], until: number): Promise<void>;

  /**
   * Records that attempts under these leases begin. Resolved: on record if the process dies, though not if the
   * machine does. If the server dies before {@link settle} or {@link giveBack}, the next lease of the message
   * says so in {@link Lease.crashes}; a store that is closed in order counts no attempt. Leases that are stale are
   * passed over. May be repeated.
   */
  begin(leases: readonly Lease[]): Promise<void>;

  /**
   * Writes what became of recipients; resolved: durable, with whatever follows from it (the status of the
   * message, the block list, owed reports, events for webhooks), all or nothing.
   *
   * A recipient whose status is final already keeps it and the call passes over it, whoever is right: so
   * it may be repeated. A delivery is written even when the lease is stale, since it has happened; anything
   * else under a stale lease is passed over.
   *
   * @param finished true ends the lease: what is not final is due again at the `nextAttemptAt` it has
   */
  settle(lease: Lease, settlements: readonly Settlement[], finished: boolean): Promise<void>;

  /** Gives a message back untried, due again at `at`: no attempt is written. */
  giveBack(lease: Lease, at: number): Promise<void>;

  /**
   * Corrects the times at which recipients are due after the clock was put back, as `cappedDue` of `due-time.ts`
   * says: none is further ahead than `longest`, but for a message whose release time is still ahead. Leases end
   * within `longest` too, unless they are renewed. Resolves to how many recipients are due sooner. May be repeated.
   */
  capDue(request: CapRequest): Promise<number>;

  /**
   * When {@link lease} has something to give next, in milliseconds since the epoch; null for none. Of a
   * message that somebody has a lease on, that is when the lease runs out.
   */
  nextDue(): Promise<number | null>;

  /**
   * Tells when something may have become due before {@link nextDue} said: a message has come in, or
   * somebody has released or retried one, in this process or another. It may be told late, within seconds,
   * where it was another, and for nothing. Returns the way to end it.
   */
  watch(listener: () => void): () => void;

  /** Recipients that wait, message by message, oldest first. */
  waiting(query: WaitingQuery): Promise<Waiting[]>;

  /**
   * Lets a held message go: its recipients are due now, and this is its `releaseAt`, from which its age counts.
   * Resolves to how many recipients there were.
   */
  release(id: MessageId, now: number): Promise<number>;

  /** Makes what waits of a message due now, and the next of its domain and priority. Resolves to how many recipients do. */
  retry(id: MessageId, now: number): Promise<number>;

  /** Gives up what waits of a message, or is held: nobody is told. Resolves to how many recipients that was. */
  cancel(id: MessageId, now: number): Promise<number>;

  /** Messages whose senders are owed notifications, oldest first. A commit with a {@link Fulfilment} pays. */
  owedReports(limit: number): Promise<OwedReport[]>;

  /** Strikes notifications off that cannot be made. */
  dropReports(fulfilment: Fulfilment): Promise<void>;
}
