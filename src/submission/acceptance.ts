import { type ByParameter, type MailParameters, Reply, reply } from '../protocol/parts.js';
import { Refusal } from '../server/index.js';
import {
  type ContentNeeds,
  type DeliverBy,
  type DeliveryTerms,
  type Domain,
  type Draft,
  type NewMessage,
  type NewRecipient,
  type OctetHolder,
  type Store,
  StoreError,
} from '../store/port.js';
import { NeedsScanner } from '../message/needs.js';
import { HeaderCollector } from '../message/section.js';
import { HeaderRefusal, rewriteHeader, type RewriteOptions, type Rewritten } from './rewrite.js';

type StartStatus = NewMessage['status'];

/** The rules that hold for every message. */
export interface AcceptancePolicy {
  /** The server's own name, for trace fields. */
  readonly hostname: string;
  /** The most octets of a header section. */
  readonly maxHeaderSize: number;
  /** Names of the fields that carry tags. */
  readonly tagFields: readonly string[];
  /** Name of the field that becomes List-Unsubscribe. */
  readonly listUnsubscribeField: string;
  /**
   * The domains that the author of a message (the From field) may have: `exact` allows the sending domain alone,
   * `subdomains` also the domains below it that are no other domain of this server. A message with the null
   * reverse-path always has the second.
   */
  readonly authorDomains: 'exact' | 'subdomains';
  /** The first state of a message without a release time: `held` if no delivery is configured for it. */
  readonly status: StartStatus | ((domain: Domain, tags: readonly string[]) => StartStatus);
  /** Returns the time in milliseconds since the epoch. */
  readonly now: () => number;
}

/** The envelope of a message and how it came. All of it is known before the first octet of content. */
export interface Submitted {
  readonly domain: Domain;
  /** Empty for the null reverse-path. */
  readonly reversePath: string;
  readonly recipients: readonly NewRecipient[];
  /** The other parameters of MAIL. */
  readonly parameters: MailParameters;
  readonly helloName: string;
  readonly extended: boolean;
  readonly lmtp: boolean;
  /** It came by the HTTP API. Default: false. */
  readonly http?: boolean;
  readonly authenticated: boolean;
  readonly utf8: boolean;
  readonly clientAddress: string;
  /** Version and cipher; null without TLS. */
  readonly tls: string | null;
  /** How it came in. Default: by SMTP, with nothing known of the rest. */
  readonly origin?: NewMessage['origin'];
  /** Of a request with an idempotency key: what is kept of it with the message of this id. */
  readonly completes?: ((id: number) => NewMessage['completes']) | undefined;
}

/** A message that is on stable storage. */
export interface Accepted {
  readonly id: number;
  readonly size: number;
  readonly from: string;
  readonly recipients: number;
  /** The value of MT-PRIORITY; null if it was not given. */
  readonly priority: number | null;
  readonly tags: readonly string[];
  readonly needs: ContentNeeds;
  /** Milliseconds from the end of the content until the message was on stable storage. */
  readonly duration: number;
}

/**
 * One message on its way into the store. It is the same for SMTP and HTTP.
 *
 * The header section is held until it is complete, checked and rewritten. The body then streams through unchanged. If
 * a method throws or rejects with a `Refusal`, {@link abort} frees what is held.
 */
export class Acceptance implements OctetHolder {
  readonly #store: Store;
  readonly #policy: AcceptancePolicy;
  readonly #submitted: Submitted;
  readonly #mayBeAuthor: (domain: string) => boolean;
  readonly #receivedAt: number;
  #collector: HeaderCollector | null;
  #draft: Draft | null = null;
  #header: Rewritten | null = null;
  readonly #scanner: NeedsScanner;
  #size = 0;
  #evicted = false;

  /**
   * @param mayBeAuthor returns true if the author may have a domain other than that of the sender; the name is in
   * normal form
   */
  constructor(
    store: Store,
    policy: AcceptancePolicy,
    submitted: Submitted,
    mayBeAuthor: (domain: string) => boolean = () => false,
  ) {
    this.#mayBeAuthor = mayBeAuthor;
    this.#store = store;
    this.#policy = policy;
    this.#submitted = submitted;
    this.#receivedAt = policy.now();
    this.#collector = new HeaderCollector(policy.maxHeaderSize);
    this.#scanner = new NeedsScanner(submitted.parameters.body === 'BINARYMIME');
  }

  /**
   * Takes the next octets of the message. If it returns a promise, the sender should wait for it. The caller may reuse
   * the octets once the method has returned.
   */
  write(octets: Uint8Array): void | Promise<void> {
    this.#refuseEvicted();
    if (this.#collector === null) return this.#putBody(octets);
    const collected = this.#collector.add(octets);
    if (collected === null) {
      this.#store.held.set(this, this.#collector.held);
      this.#refuseEvicted();
      return;
    }
    if (collected === 'tooLong') {
      throw new Refusal(
        new Reply(552, '5.3.4', `Header section too big: at most ${this.#policy.maxHeaderSize} octets`),
      );
    }
    this.#rewrite(collected.section);
    if (collected.body.length > 0) return this.#putBody(collected.body);
  }

  /** Ends the message. Resolves when it is on stable storage. */
  end(): Promise<Accepted> {
    const ended = performance.now();
    this.#refuseEvicted();
    if (this.#collector !== null) this.#rewrite(this.#collector.rest());
    const { domain, reversePath, recipients, parameters, tls, clientAddress } = this.#submitted;
    const header = this.#header;
    const draft = this.#draft;
    if (header === null || draft === null) throw new Refusal(reply('internal'), 'the message ended twice');
    const { from, subject, tags, listUnsubscribe, messageId } = header;
    // A clock that was put back meanwhile must not make the message wait until the time that it had before.
    const receivedAt = Math.min(this.#receivedAt, this.#policy.now());
    const terms = deliveryTerms(parameters, receivedAt);
    const needs = this.#scanner.needs();
    const message: NewMessage = {
      domainId: domain.id,
      reversePath,
      recipients,
      from,
      subject,
      tags,
      listUnsubscribe,
      messageId,
      receivedAt,
      tls,
      clientAddress,
      // A message with a release time waits for that time and needs no release by an operator.
      status: terms.releaseAt === null ? this.#statusOf(tags) : 'queued',
      terms,
      needs,
      ...(this.#submitted.origin === undefined ? {} : { origin: this.#submitted.origin }),
      ...completion(this.#submitted.completes?.(draft.id)),
    };
    return draft.commit(message).then(
      () => ({
        id: draft.id,
        size: this.#size,
        from,
        recipients: recipients.length,
        priority: parameters.priority ?? null,
        tags,
        needs,
        duration: performance.now() - ended,
      }),
      (error: unknown) => {
        throw storeRefusal(error);
      },
    );
  }

  /** Gives the message up. May be called repeatedly, and after {@link end}. */
  abort(): void {
    this.#draft?.discard();
    this.#letGo();
  }

  /** The store needs the room that the header section takes: the message is refused for now. */
  evict(): void {
    this.#evicted = true;
    this.#collector = null;
  }

  #refuseEvicted(): void {
    if (this.#evicted)
      throw new Refusal(NO_ROOM, 'the header sections of many messages at once filled store.in_flight');
  }

  /** The header section is held no longer. */
  #letGo(): void {
    if (this.#collector !== null && this.#collector.held > 0) this.#store.held.set(this, 0);
    this.#collector = null;
  }

  #statusOf(tags: readonly string[]): StartStatus {
    const { status } = this.#policy;
    return typeof status === 'function' ? status(this.#submitted.domain, tags) : status;
  }

  #putBody(octets: Uint8Array): void | Promise<void> {
    this.#scanner.body(octets);
    return this.#put(octets);
  }

  #put(octets: Uint8Array): void | Promise<void> {
    this.#size += octets.length;
    return this.#draft?.write(octets);
  }

  #rewrite(section: Uint8Array): void {
    this.#letGo();
    const { hostname, tagFields, listUnsubscribeField } = this.#policy;
    const submitted = this.#submitted;
    try {
      this.#draft = this.#store.open();
    } catch (error) {
      throw storeRefusal(error);
    }
    const options: RewriteOptions = {
      domain: submitted.domain.name,
      mayBeAuthor: this.#mayBeAuthor,
      tagFields,
      listUnsubscribeField,
      // Each property by its name: spreading objects took longer than rewriting the header section.
      trace: {
        helloName: submitted.helloName,
        extended: submitted.extended,
        lmtp: submitted.lmtp,
        http: submitted.http === true,
        clientAddress: submitted.clientAddress,
        hostname,
        tls: submitted.tls,
        authenticated: submitted.authenticated,
        utf8: submitted.utf8,
        id: String(this.#draft.id),
        recipients: submitted.recipients.map(({ forwardPath }) => forwardPath),
        priority: submitted.parameters.priority ?? null,
        time: this.#receivedAt,
      },
    };
    try {
      this.#header = rewriteHeader(section, options);
    } catch (error) {
      this.abort();
      if (error instanceof HeaderRefusal) throw headerRefusal(error);
      throw error;
    }
    // The promise is ignored here: a header section alone is no load, and the body asks again if it must wait.
    this.#scanner.header(this.#header.octets);
    void this.#put(this.#header.octets);
  }
}

/**
 * Returns the parameters of MAIL that concern the delivery of a message received at `now`, as the store keeps them.
 */
function deliveryTerms(parameters: MailParameters, now: number): DeliveryTerms {
  const { ret = null, envid = null, by, priority = 0, requireTls = false, body = null } = parameters;
  return {
    ret,
    envelopeId: envid,
    releaseAt: releaseTime(parameters, now),
    deliverBy: by === undefined ? null : deliverBy(by, now),
    priority,
    requireTls,
    body,
    smtputf8: parameters.smtputf8 === true,
  };
}

/** Returns null if nothing holds the message back. A time that has passed does not hold it. */
function releaseTime({ holdFor, holdUntil }: MailParameters, now: number): number | null {
  const time = holdFor === undefined ? holdUntil : now + holdFor * 1000;
  return time === undefined || time <= now ? null : time;
}

function deliverBy({ seconds, otherwise, trace }: ByParameter, now: number): DeliverBy {
  return { time: now + seconds * 1000, otherwise, trace };
}

function completion(completes: NewMessage['completes']): Pick<NewMessage, 'completes'> {
  return completes === undefined ? {} : { completes };
}

function headerRefusal({ kind, reason }: HeaderRefusal): Refusal {
  switch (kind) {
    case 'from':
      return new Refusal(new Reply(550, '5.7.1', reason));
    case 'loop':
      return new Refusal(new Reply(554, '5.4.6', reason));
    default:
      return new Refusal(new Reply(550, '5.6.0', reason));
  }
}

/**
 * Returns the refusal for a store that fails: the client may try again. The cause is for the operator.
 *
 * @param failed the reply if the reason is not that the store is full. Default: `451 4.3.0`.
 */
export function storeRefusal(error: unknown, failed = reply('internal')): Refusal {
  const full = error instanceof StoreError && error.code === 'full';
  const message = error instanceof Error ? error.message : String(error);
  return new Refusal(full ? STORE_FULL : failed, `the store failed: ${message}`, { cause: error });
}

/** RFC 3463 X.3.1 is about storage, which memory for messages is. */
const NO_ROOM = new Reply(452, '4.3.1', 'Too many messages at once, try again later');
const STORE_FULL = new Reply(452, '4.3.1', 'Out of storage, try again later');
