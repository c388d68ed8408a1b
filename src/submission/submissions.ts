import { normalizeDomain } from '../message/domain.js';
import { type Mailbox, Reply } from '../protocol/index.js';
import type { BlockEntry } from '../store/block-list.js';
import type { Domain, Store } from '../store/port.js';
import type { RateKind } from '../store/rates.js';
import { Acceptance, type AcceptancePolicy, storeRefusal, type Submitted } from './acceptance.js';
import { Blocking, blockedReply } from './blocking.js';
import { Directory } from './directory.js';
import { DEFAULT_SUBMISSION, type SubmissionLimits } from './limits.js';
import { DEFAULT_TAG_FIELDS } from './rewrite.js';

export interface SubmissionsOptions extends Partial<Omit<AcceptancePolicy, 'hostname'>> {
  readonly store: Store;
  /** The server's own name, for trace fields. */
  readonly hostname: string;
  /** How often a domain may send. Default: {@link DEFAULT_SUBMISSION}. */
  readonly rates?: Partial<Pick<SubmissionLimits, 'messagesPerMinute' | 'recipientsPerMinute'>>;
}

/**
 * The rules of submission: who may send what, and how often. SMTP and the HTTP API share one of these, so that a
 * message gets the same answer in both. A method returns a refusal, or nothing if it allows the step.
 */
export class Submissions {
  readonly directory: Directory;
  readonly policy: AcceptancePolicy;
  readonly #store: Store;
  readonly #blocking: Blocking;
  /** So much is allowed per minute; 0 allows any number. */
  readonly #perMinute: Readonly<Record<RateKind, number>>;

  constructor(options: SubmissionsOptions) {
    const now = options.now ?? Date.now;
    this.#store = options.store;
    this.directory = new Directory(options.store, now);
    this.#blocking = new Blocking(options.store.blockList, now);
    const { messagesPerMinute, recipientsPerMinute } = { ...DEFAULT_SUBMISSION, ...options.rates };
    this.#perMinute = { messages: messagesPerMinute, recipients: recipientsPerMinute };
    this.policy = {
      hostname: options.hostname,
      maxHeaderSize: options.maxHeaderSize ?? DEFAULT_SUBMISSION.headerSize,
      tagFields: options.tagFields ?? DEFAULT_TAG_FIELDS,
      listUnsubscribeField: options.listUnsubscribeField ?? 'X-List-Unsubscribe',
      authorDomains: options.authorDomains ?? 'exact',
      status: options.status ?? 'held',
      now,
    };
  }

  /**
   * Checks the envelope sender of an authenticated client, and counts the message. Null is the null reverse-path. A
   * sender may be of a domain below the client's own if no other domain of this server is nearer: its bounces would go
   * to that one.
   */
  sender(principal: Domain, reversePath: Mailbox | null): void | Reply | Promise<void | Reply> {
    const name = reversePath === null ? principal.name : normalizeDomain(reversePath.domain);
    if (name === null || !isWithin(name, principal.name)) return otherSender(principal, '');
    const owner = this.directory.owner(name);
    return owner instanceof Promise ? this.#confirm(principal, owner) : this.#senderOf(principal, owner);
  }

  /** Counts one message of a domain. */
  message(domain: Domain): void | Reply | Promise<void | Reply> {
    return this.#within('messages', domain);
  }

  /** Checks the domain of a recipient. The rule is the same for all senders. */
  recipientDomain({ domain }: Mailbox): void | Reply {
    // RFC 6409 4.2: a server may complete such a name, but this server does not know how.
    if (/^[^.[]+$/.test(domain)) return NOT_QUALIFIED;
  }

  /** Counts a recipient of a domain's message, and looks it up in the block list. */
  recipient(domain: Domain, { address }: Pick<Mailbox, 'address'>): void | Reply | Promise<void | Reply> {
    const refusal = this.#within('recipients', domain);
    if (refusal instanceof Promise) {
      return refusal.then((known) => known ?? this.#unlessBlocked(domain, address));
    }
    return refusal ?? this.#unlessBlocked(domain, address);
  }

  #unlessBlocked(domain: Domain, address: string): void | Reply | Promise<void | Reply> {
    const blocked = this.#blocking.blocked(domain, address);
    if (blocked !== null) return this.#refuseBlocked(blocked);
  }

  /** The block list of a domain has changed in this process: it holds from now on. */
  blockListChanged({ id }: Pick<Domain, 'id'>): void {
    this.#blocking.forget(id);
  }

  /**
   * Checks a stored message that a domain sends again, as if it were new: counts it and its recipients, and looks these
   * up in the block list.
   */
  async again(domain: Domain, forwardPaths: readonly string[]): Promise<void | Reply> {
    const refusal = await this.message(domain);
    if (refusal) return refusal;
    for (const address of forwardPaths) {
      const refusal = await this.recipient(domain, { address });
      if (refusal) return refusal;
    }
  }

  /**
   * Begins to take a message of which everything else has been accepted.
   *
   * @param policy the policy for this message. Default: that of all
   */
  accept(submitted: Submitted, policy: AcceptancePolicy = this.policy): Acceptance {
    return new Acceptance(this.#store, policy, submitted, (name) => this.#mayBeAuthor(name, submitted));
  }

  async #refuseBlocked(blocked: Promise<BlockEntry | null>): Promise<void | Reply> {
    try {
      const entry = await blocked;
      if (entry !== null) return blockedReply(entry);
    } catch (error) {
      throw storeRefusal(error);
    }
  }

  async #confirm(principal: Domain, asked: Promise<Domain | null>): Promise<void | Reply> {
    let owner: Domain | null;
    try {
      owner = await asked;
    } catch (error) {
      throw storeRefusal(error);
    }
    return this.#senderOf(principal, owner);
  }

  /** @param owner the domain of this server that has the sender's name, or the nearest one above it */
  #senderOf(principal: Domain, owner: Domain | null): void | Reply | Promise<void | Reply> {
    if (owner?.id === principal.id) return this.message(principal);
    // A session may live longer than its domain.
    const here = this.directory.lastKnownOwner(principal.name)?.id === principal.id;
    if (!here || owner === null) return new Reply(550, '5.7.1', `${principal.name} may send no more`);
    return otherSender(principal, `; ${owner.name} is a domain of its own here`);
  }

  /** Takes one of the share of a domain. Returns a refusal with the time to wait if the share is used up. */
  #within(what: RateKind, domain: Domain): void | Reply | Promise<void | Reply> {
    const perMinute = this.#perMinute[what];
    if (perMinute === 0) return;
    const wait = this.#store.rates.take(what, domain.id, perMinute);
    if (wait instanceof Promise) {
      return wait.then(
        (known) => tooMany(known, what, domain, perMinute),
        (error: unknown) => {
          throw storeRefusal(error);
        },
      );
    }
    return tooMany(wait, what, domain, perMinute);
  }

  /** Returns true if the author of a message may have a domain other than the client's own. */
  #mayBeAuthor(name: string, { domain, reversePath }: Submitted): boolean {
    // The host that a bounce comes from writes it, and From is the only address that it has.
    if (reversePath !== '' && this.policy.authorDomains !== 'subdomains') return false;
    return isWithin(name, domain.name) && this.directory.lastKnownOwner(name)?.id === domain.id;
  }
}

function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

function otherSender({ name }: Domain, why: string): Reply {
  return new Reply(550, '5.7.1', `Envelope sender must be of ${name} or a domain below it${why}`);
}

/** @param wait milliseconds until the domain may go on; 0 if it may now */
function tooMany(wait: number, what: RateKind, { name }: Domain, perMinute: number): void | Reply {
  if (wait === 0) return;
  const seconds = Math.ceil(wait / 1000);
  return new Reply(
    450,
    '4.7.1',
    `Too many ${what} of ${name}: at most ${perMinute} a minute, try again in ${seconds} s`,
  );
}

const NOT_QUALIFIED = new Reply(554, '5.1.2', 'Recipient domain must be fully qualified');
