/**
 * The contract of webhooks: where a domain wants its events, and the events that are still to be told. Part
 * of `port.ts`.
 *
 * Events are written in the transaction that they tell of, where the domain has a webhook that is on, and
 * stay until they are told or given up.
 */
import type { MessageId } from './message.js';
import type { Attempt } from './queue.js';

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
  }): Promise<WebhookEvent[]>;

  /** The event is told, or given up: it is gone. May be repeated. */
  endEvent(event: number): Promise<void>;

  /** The event could not be told: due again at `at`, a whole number of milliseconds, with one attempt more. */
  deferEvent(event: number, at: number): Promise<void>;

  /** As `nextDue` of the queue. */
  nextEventDue(): Promise<number | null>;
}
