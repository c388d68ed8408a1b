/**
 * The contract of webhooks: the URL that gets the events of a domain, and the events that are still to be sent. Part
 * of `port.ts`.
 *
 * If the domain has a webhook that is on, an event is written in the same transaction as the change that it reports.
 * It stays until it is sent or given up.
 */
import type { MessageId } from './message.js';
import type { Attempt, CapRequest, Crashes } from './queue.js';
import type { Scope } from './scope.js';

/** The events of a webhook: a message is accepted, or recipients of it have a new status. */
export const EVENTS = ['email.queued', 'email.delivered', 'email.deferred', 'email.bounced'] as const;
export type EventName = (typeof EVENTS)[number];

/** A pair of Ed25519 keys, one for each domain. */
export interface WebhookKeys {
  /** 32 octets. */
  readonly publicKey: Uint8Array;
  /** PKCS #8, DER. */
  readonly privateKey: Uint8Array;
}

export interface Webhook {
  readonly domainId: number;
  /** Name of the domain. */
  readonly domain: string;
  readonly url: string;
  readonly events: readonly EventName[];
  readonly keys: WebhookKeys;
  readonly createdAt: number;
  /** The reason and time at which it was switched off; null while it is on. */
  readonly off: { readonly since: number; readonly reason: string } | null;
}

export interface WebhookEvent {
  /** A positive safe integer. The receiver can use it to detect a repeated call. */
  readonly event: number;
  readonly domainId: number;
  readonly name: EventName;
  readonly message: MessageId;
  /** Positions of the recipients that it is about: all of them for `email.queued`. */
  readonly positions: readonly number[];
  /** Their new status; null for `email.queued`. */
  readonly attempt: Attempt | null;
  /** When it happened. */
  readonly at: number;
  /** Number of attempts to send it so far. */
  readonly attempts: number;
  /** Attempts in a row in which the server died: see {@link Webhooks.beginEvent}. Null if there are none. */
  readonly crashes: Crashes | null;
  /** True in the first lease of an event that a person asked for, by {@link WebhookCalls.test} or `redeliver`. */
  readonly hastened?: true;
}

/** One call of a webhook. */
export interface WebhookCall {
  /** A positive safe integer; later calls have greater ones. */
  readonly call: number;
  /** {@link WebhookEvent.event}. */
  readonly event: number;
  readonly domainId: number;
  readonly name: EventName;
  readonly message: MessageId;
  /** When it ended, in milliseconds since the epoch. */
  readonly at: number;
  /** How long it took, in milliseconds. */
  readonly duration: number;
  /** The HTTP status; null if there was none, such as after a time-out. */
  readonly status: number | null;
  /** `delivered`: the event is done; `failed`: it is tried again; `gave-up`: it is not. */
  readonly outcome: 'delivered' | 'failed' | 'gave-up';
  /** The reason of a failure, in words on one line; null if the call succeeded. */
  readonly problem: string | null;
}

/** The record of calls of webhooks, kept for a while. */
export interface WebhookCalls {
  /**
   * Records a call. Calls of the domain beyond {@link STORE.callsOfDomain} are removed, oldest first. Lost if the
   * server dies within seconds.
   */
  record(call: Omit<WebhookCall, 'call'>): Promise<void>;

  /** Returns calls within the scope, newest first, older than `before`; at most `limit`. */
  list(
    scope: Scope,
    query: {
      readonly domain?: string;
      readonly message?: MessageId;
      readonly outcome?: WebhookCall['outcome'];
      readonly before?: number;
      readonly limit: number;
    },
  ): Promise<WebhookCall[]>;

  /**
   * Queues the event of a call once more, as a new event with the same content. Resolves to its number, or null if the
   * scope does not have the call, its message is gone, or the webhook is off. It is due before all others.
   */
  redeliver(scope: Scope, call: number): Promise<number | null>;

  /**
   * Queues an event about a message, to try the webhook. Resolves to its number, or null if the scope does not have
   * the message or its domain has no webhook that is on. It is due before all others.
   */
  test(scope: Scope, message: MessageId, name: EventName, now: number): Promise<number | null>;
}

export interface Webhooks {
  /**
   * Sets the webhook of a domain, and switches it on. The domain keeps the keys that it has. Resolves to false if
   * there is no such domain.
   */
  set(
    domain: string,
    webhook: Pick<Webhook, 'url' | 'events' | 'keys'>,
    now: number,
  ): Promise<Webhook | null>;

  /** Removes the webhook with its waiting events. Resolves to false if it did not exist. */
  remove(domain: string): Promise<boolean>;

  list(): Promise<Webhook[]>;

  /** Returns the webhook of a domain, by the domain's name; null if it has no webhook. */
  find(domain: string): Promise<Webhook | null>;

  /** Switches the webhook off and drops its waiting events. */
  switchOff(domainId: number, reason: string, now: number): Promise<void>;

  /**
   * Leases events due at `now` until `until`. Domains take turns; within a domain, the event that has been due longest
   * comes first.
   */
  leaseEvents(request: {
    readonly now: number;
    readonly until: number;
    readonly limit: number;
    /** Largest number of events of one domain, counting those that are leased already. Default: any number. */
    readonly perDomain?: number;
  }): Promise<WebhookEvent[]>;

  /** Records that an attempt begins, as the `begin` of the queue does. May be repeated. */
  beginEvent(event: number): Promise<void>;

  /** Records that the attempt has lasted for a while, as the `lasts` of the queue does. May be repeated. */
  lastsEvent(event: number): Promise<void>;

  /** Removes an event that was sent or given up. May be repeated. */
  endEvent(event: number): Promise<void>;

  /**
   * Puts back an event that could not be sent, with one attempt more: due again at `at`, a whole number of
   * milliseconds.
   */
  deferEvent(event: number, at: number): Promise<void>;

  /**
   * Corrects the times at which events are due after the clock was put back: one that is further ahead than `longest`,
   * or that happened in the future, is due now. Resolves to how many events are due sooner. May be repeated.
   */
  capEvents(request: CapRequest): Promise<number>;

  /** Does the same as `nextDue` of the queue. */
  nextEventDue(): Promise<number | null>;
}
