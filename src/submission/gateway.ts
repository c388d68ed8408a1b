import { hostAndPort } from '../base/networks.js';
import type { Mailbox, PasswordCredentials } from '../protocol/index.js';
import { Reply } from '../protocol/index.js';
import type { ContentSink, Handler, Recipient, Session as ServerSession } from '../server/index.js';
import type { Domain, NewRecipient } from '../store/port.js';
import { type Accepted, storeRefusal, type Submitted } from './acceptance.js';
import { Submissions, type SubmissionsOptions } from './submissions.js';

export interface GatewayOptions extends SubmissionsOptions {
  /** Called before a failed AUTH is answered, which waits for it. Must not reject. */
  readonly onAuthFailed?: (session: ServerSession<Domain>) => void | Promise<void>;
  /** Called for every message that was accepted. */
  readonly onAccepted?: (session: ServerSession<Domain>, accepted: Accepted) => void;
}

type Session = ServerSession<Domain>;

/**
 * The submission gateway: decides who may send, and stores what is sent. It is a handler for the server; its principal
 * is the domain that an API token belongs to.
 */
export class Gateway implements Handler<Domain, PasswordCredentials, object, true> {
  /** The rules of submission, for the other ways by which mail comes in. */
  readonly submissions: Submissions;
  readonly #onAccepted: GatewayOptions['onAccepted'];
  readonly #onAuthFailed: GatewayOptions['onAuthFailed'];
  /** Domains of sessions without AUTH, taken from MAIL, if a listener allows that. */
  readonly #claimed = new WeakMap<Session, Domain>();

  constructor(options: GatewayOptions) {
    this.submissions = new Submissions(options);
    this.#onAccepted = options.onAccepted;
    this.#onAuthFailed = options.onAuthFailed;
  }

  async onAuth(session: Session, credentials: PasswordCredentials): Promise<Domain | Reply | null> {
    try {
      const domain = await this.submissions.directory.authenticate(credentials);
      if (domain === null) await this.#onAuthFailed?.(session);
      return domain;
    } catch (error) {
      // RFC 4954 6: 454 says nothing about the credentials.
      throw storeRefusal(error, AUTH_UNAVAILABLE);
    }
  }

  onMail(session: Session, reversePath: Mailbox | null): void | Reply | Promise<void | Reply> {
    const { principal } = session;
    if (principal === null) return this.#claim(session, reversePath);
    return this.submissions.sender(principal, reversePath);
  }

  onRcpt(session: Session, forwardPath: Mailbox): void | Reply | Promise<void | Reply> {
    const refusal = this.submissions.recipientDomain(forwardPath);
    if (refusal) return refusal;
    const domain = this.#domainOf(session);
    if (domain === undefined) return;
    return this.submissions.recipient(domain, forwardPath);
  }

  onContent(session: Session): ContentSink | Reply {
    const domain = this.#domainOf(session);
    if (domain === undefined) return SENDER_REQUIRED;
    const acceptance = this.submissions.accept(submittedIn(session, domain));
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

  /** Returns the domain that sends the mail of a session. */
  #domainOf(session: Session): Domain | undefined {
    return session.principal ?? this.#claimed.get(session);
  }

  /**
   * Takes the domain from the envelope sender. A listener without AUTH trusts every client that can reach it, but
   * accepts mail of its own domains only.
   */
  #claim(session: Session, reversePath: Mailbox | null): void | Reply | Promise<void | Reply> {
    if (reversePath === null) return SENDER_REQUIRED;
    const owner = this.submissions.directory.owner(reversePath.domain);
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

  #claimFor(session: Session, domain: Domain | null): void | Reply | Promise<void | Reply> {
    if (domain === null) return new Reply(550, '5.7.1', 'Envelope sender must be of a domain of this server');
    this.#claimed.set(session, domain);
    return this.submissions.message(domain);
  }
}

const AUTH_UNAVAILABLE = new Reply(454, '4.7.0', 'Temporary authentication failure, try again later');
const SENDER_REQUIRED = new Reply(
  530,
  '5.7.0',
  'Authentication required to send without a sender of this server',
);

function submittedIn(session: Session, domain: Domain): Submitted {
  const { envelope, hello, tls, localAddress, localPort } = session;
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
    origin: {
      way: 'smtp',
      listener: hostAndPort(localAddress, localPort),
      hello: hello?.name ?? null,
    },
  };
}

/** Returns a recipient of RCPT as the store keeps it. */
function storedRecipient({ forwardPath, parameters }: Recipient): NewRecipient {
  const { notify = null, orcpt } = parameters;
  return {
    forwardPath: forwardPath.address,
    notify,
    originalRecipient: orcpt === undefined ? null : `${orcpt.type};${orcpt.address}`,
  };
}
