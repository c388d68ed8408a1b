import { normalizeDomain } from '../message/domain.js';
import { type Mailbox, type PasswordCredentials, Reply } from '../protocol/index.js';
import type { ContentSink, Handler, SessionView } from '../server/index.js';
import type { BlockEntry } from '../store/block-list.js';
import type { Domain, Store } from '../store/port.js';
import {
  Acceptance,
  type Accepted,
  type AcceptancePolicy,
  storeRefusal,
  type Submitted,
} from './acceptance.js';
import { Blocking, blockedReply } from './blocking.js';
import { Directory } from './directory.js';
import { DEFAULT_SUBMISSION, type SubmissionLimits } from './limits.js';
import { Rate } from './rate.js';
import { DEFAULT_TAG_FIELDS } from './rewrite.js';
import { storedRecipient } from './terms.js';

export interface GatewayOptions extends Partial<Omit<AcceptancePolicy, 'hostname'>> {
  readonly store: Store;
  /** The server's own name, for trace fields. */
  readonly hostname: string;
  /** Hears of every message accepted. */
  readonly onAccepted?: (session: SessionView<Domain>, accepted: Accepted) => void;
  /** How often a domain may send. Default: {@link DEFAULT_SUBMISSION}. */
  readonly rates?: Partial<Pick<SubmissionLimits, 'messagesPerMinute' | 'recipientsPerMinute'>>;
  /** The clock of the rates, in milliseconds. Default: the process's monotonic clock. */
  readonly clock?: () => number;
}

type Session = SessionView<Domain>;

/**
 * The submission gateway: who may send what, and what becomes of it. A handler for the server; its
 * principal is the domain that an API token belongs to.
 */
export class Gateway implements Handler<Domain> {
  readonly #store: Store;
  readonly #policy: AcceptancePolicy;
  readonly #directory: Directory;
  readonly #blocking: Blocking;
  readonly #onAccepted: GatewayOptions['onAccepted'];
  readonly #messages: Rate;
  readonly #recipients: Rate;
  /** Domains of sessions without AUTH, where a listener lets them in: taken from MAIL. */
  readonly #claimed = new WeakMap<Session, Domain>();

  constructor(options: GatewayOptions) {
    const now = options.now ?? Date.now;
    this.#store = options.store;
    this.#onAccepted = options.onAccepted;
    this.#directory = new Directory(options.store, now);
    this.#blocking = new Blocking(options.store.blockList, now);
    const { messagesPerMinute, recipientsPerMinute } = { ...DEFAULT_SUBMISSION, ...options.rates };
    this.#messages = new Rate(messagesPerMinute, options.clock);
    this.#recipients = new Rate(recipientsPerMinute, options.clock);
    this.#policy = {
      hostname: options.hostname,
      maxHeaderSize: options.maxHeaderSize ?? DEFAULT_SUBMISSION.headerSize,
      tagFields: options.tagFields ?? DEFAULT_TAG_FIELDS,
      listUnsubscribeField: options.listUnsubscribeField ?? 'X-List-Unsubscribe',
      status: options.status ?? 'held',
      now,
    };
  }

  async onAuth(_session: Session, credentials: PasswordCredentials): Promise<Domain | Reply | null> {
    try {
      return await this.#directory.authenticate(credentials);
    } catch (error) {
      // RFC 4954 6: 454 says nothing about the credentials.
      throw storeRefusal(error, AUTH_UNAVAILABLE);
    }
  }

  onMail(session: Session, reversePath: Mailbox | null): void | Reply | Promise<void | Reply> {
    const { principal } = session;
    if (principal === null) return this.#claim(session, reversePath);
    const domain = reversePath === null ? principal.name : normalizeDomain(reversePath.domain);
    if (domain === principal.name || domain?.endsWith(`.${principal.name}`) === true) {
      // A session may outlive its domain.
      const here = this.#directory.has(principal);
      return here === true ? within(this.#messages, principal, 'messages') : this.#confirm(principal, here);
    }
    return new Reply(550, '5.7.1', `Envelope sender must be of ${principal.name} or a domain below it`);
  }

  onRcpt(session: Session, { address, domain: to }: Mailbox): void | Reply | Promise<void | Reply> {
    // RFC 6409 4.2: such a name is for somebody to complete, and nobody here knows how.
    if (/^[^.[]+$/.test(to)) return NOT_QUALIFIED;
    const domain = this.#domainOf(session);
    if (domain === undefined) return;
    const refusal = within(this.#recipients, domain, 'recipients');
    if (refusal) return refusal;
    const blocked = this.#blocking.blocked(domain, address);
    if (blocked !== null) return this.#refuseBlocked(blocked);
  }

  onContent(session: Session): ContentSink | Reply {
    const domain = this.#domainOf(session);
    if (domain === undefined) return NOBODY;
    const acceptance = new Acceptance(this.#store, this.#policy, submittedIn(session, domain));
    return {
      write: (octets) => acceptance.write(octets),
      end: () =>
        acceptance.end().then((accepted) => {
          this.#onAccepted?.(session, accepted);
          return new Reply(250, '2.0.0', `Ok: queued as ${accepted.id}`);
        }),
      abort: () => {
        acceptance.abort();
      },
    };
  }

  /** Whose mail it is. */
  #domainOf(session: Session): Domain | undefined {
    return session.principal ?? this.#claimed.get(session);
  }

  async #refuseBlocked(blocked: Promise<BlockEntry | null>): Promise<void | Reply> {
    try {
      const entry = await blocked;
      if (entry !== null) return blockedReply(entry);
    } catch (error) {
      throw storeRefusal(error);
    }
  }

  async #confirm(domain: Domain, here: boolean | Promise<boolean>): Promise<void | Reply> {
    try {
      if (!(await here)) return new Reply(550, '5.7.1', `${domain.name} may send no more`);
    } catch (error) {
      throw storeRefusal(error);
    }
    return within(this.#messages, domain, 'messages');
  }

  /**
   * A listener that does not ask for AUTH trusts whoever can reach it, but still has mail of its own domains
   * only: the envelope sender names the one.
   */
  #claim(session: Session, reversePath: Mailbox | null): void | Reply | Promise<void | Reply> {
    if (reversePath === null) return NOBODY;
    const owner = this.#directory.owner(reversePath.domain);
    return owner instanceof Promise ? this.#claimLater(session, owner) : this.#claimFor(session, owner);
  }

  async #claimLater(session: Session, owner: Promise<Domain | null>): Promise<void | Reply> {
    let domain: Domain | null;
    try {
      domain = await owner;
    } catch (error) {
      throw storeRefusal(error);
    }
    return this.#claimFor(session, domain);
  }

  #claimFor(session: Session, domain: Domain | null): void | Reply {
    if (domain === null) return new Reply(550, '5.7.1', 'Envelope sender must be of a domain of this server');
    this.#claimed.set(session, domain);
    return within(this.#messages, domain, 'messages');
  }
}

/** A no with the time to wait, where the domain has had its share. */
function within(rate: Rate, { id, name }: Domain, what: 'messages' | 'recipients'): void | Reply {
  const wait = rate.take(id);
  if (wait === 0) return;
  const seconds = Math.ceil(wait / 1000);
  return new Reply(
    450,
    '4.7.1',
    `Too many ${what} of ${name}: at most ${rate.perMinute} a minute, try again in ${seconds} s`,
  );
}

const AUTH_UNAVAILABLE = new Reply(454, '4.7.0', 'Temporary authentication failure, try again later');
const NOT_QUALIFIED = new Reply(554, '5.1.2', 'Recipient domain must be fully qualified');
const NOBODY = new Reply(530, '5.7.0', 'Authentication required to send without a sender of this server');

function submittedIn(session: Session, domain: Domain): Submitted {
  const { envelope, hello, tls } = session;
  return {
    domain,
    reversePath: envelope?.reversePath?.address ?? '',
    recipients: envelope?.recipients.map(storedRecipient) ?? [],
    parameters: envelope?.parameters ?? {},
    helloName: hello?.name ?? '',
    extended: hello !== null && hello.verb !== 'HELO',
    lmtp: hello?.verb === 'LHLO',
    authenticated: session.principal !== null,
    utf8: envelope?.parameters.smtputf8 === true,
    clientAddress: session.remoteAddress,
    tls: tls === null ? null : `${tls.version} ${tls.cipher}`,
  };
}
