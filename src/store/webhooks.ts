/**
 * The contract of webhooks: where a domain wants its events, and the events that are still to be told. Part
 * of `port.ts`.
 *
 * Events are written in the transaction that they tell of, where the domain has a webhook that is on, and
 * stay until they are told or given up.
 */
import type { MessageId } from './message.js';
import type { Attempt, CapRequest } from './queue.js';
import type { Scope } from './scope.js';

/** What a webhook may be told of: a message is taken in, or something has become of recipients of it. */
export const EVENTS = ['email.queued', 'email.delivered', 'email.deferred', 'email.bounced'] as const;
export type EventName = (typeof EVENTS)[number];

/** Ed25519, one pair to a domain. */
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
  /** Why and since when it is switched off; null while it is on. */
  readonly off: { readonly since: number; readonly reason: string } | null;
}

export interface WebhookEvent {
  /** A positive safe integer: what the receiver can tell a repetition by. */
  readonly event: number;
  readonly domainId: number;
  readonly name: EventName;
  readonly message: MessageId;
  /** Positions of the recipients it is about: all of them for `email.queued`. */
  readonly positions: readonly number[];
  /** What happened to them, null for `email.queued`. */
  readonly attempt: Attempt | null;
  /** When it happened. */
  readonly at: number;
  /** How often it has been tried to tell it. */
  readonly attempts: number;
  /** In how many attempts in a row the server died: see {@link Webhooks.beginEvent}. */
  readonly crashes: number;
}

/** One try to call a webhook. */
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
  /** What went wrong, in words; one line; null if nothing did. */
  readonly problem: string | null;
}

/** The calls of webhooks, kept for a while. */
export interface WebhookCalls {
  /** Keeps a call. The oldest of the domain beyond {@link STORE.callsOfDomain} are removed. Lost if the server dies within seconds. */
  record(call: Omit<WebhookCall, 'call'>): Promise<void>;

  /** Calls within the scope, newest first, older than `before`; at most `limit`. */
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
   * Puts the event of a call back to be told now, as a new event with the same content. Resolves to its
   * number, or null if there is no such call in the scope, its message is gone, or the webhook is off.
   */
  redeliver(scope: Scope, call: number, now: number): Promise<number | null>;

  /**
   * Puts an event about a message to the webhook, to try the webhook. Resolves to its number, or null if the message
   * is not in the scope or its domain has no webhook that is on.
   */
  test(scope: Scope, message: MessageId, name: EventName, now: number): Promise<number | null>;
}

export interface Webhooks {
  /** Sets the webhook of a domain, and switches it on. Keys that the domain has already stay. False where there is no such domain. */
  set(
    domain: string,
    webhook: Pick<Webhook, 'url' | 'events' | 'keys'>,
    now: number,
  ): Promise<Webhook | null>;

  /** Removes it with its untold events. Resolves to false where there was none. */
  remove(domain: string): Promise<boolean>;

  list(): Promise<Webhook[]>;

  /** Switches it off with its untold events dropped. */
  switchOff(domainId: number, reason: string, now: number): Promise<void>;

  /** Takes events due at `now` that nobody has a lease on, until `until`; domains take turns, within one what has been due longest goes first. */
  leaseEvents(request: {
    readonly now: number;
    readonly until: number;
    readonly limit: number;
    /** Events of one domain at most, with those that are leased already. Default: any number. */
    readonly perDomain?: number;
  }): Promise<WebhookEvent[]>;

  /** Records that an attempt begins, as the `begin` of the queue does. May be repeated. */
  beginEvent(event: number): Promise<void>;

  /** The event is told, or given up: it is gone. May be repeated. */
  endEvent(event: number): Promise<void>;

  /** The event could not be told: due again at `at`, a whole number of milliseconds, with one attempt more. */
  deferEvent(event: number, at: number): Promise<void>;

  /**
   * Corrects the times at which events are due after the clock was put back: one that is further ahead than `longest`,
   * or that happened in the future, is due now. Resolves to how many events are due sooner. May be repeated.
   */
  capEvents(request: CapRequest): Promise<number>;

  /** As `nextDue` of the queue. */
  nextEventDue(): Promise<number | null>;
}
