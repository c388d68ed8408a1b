import type { Completion } from '../store/idempotency.js';
import type { Domain } from '../store/port.js';
import type { AcceptancePolicy, Accepted, Submitted } from '../submission/acceptance.js';
import type { Submissions } from '../submission/submissions.js';
import { forwardPath } from '../submission/forward-path.js';
import { type Composed, LIST_UNSUBSCRIBE_FIELD, TAGS_FIELD } from './compose/mime.js';
import { ApiError, fieldError } from './errors.js';
import { fromRefusal } from './plugins/errors.js';

/** Octets that are given to the store at a time; between two pieces, other clients have their turn. */
const PIECE = 256 * 1024;

/** Where a request comes from. */
export interface Client {
  readonly address: string;
  /** Version and cipher, null without TLS. */
  readonly tls: string | null;
  readonly userAgent: string | null;
  /** Address and port that it came in on; null for a command. */
  readonly listener: string | null;
}

/** How errors about recipients name the fields of the API in use. */
type FieldNames = Readonly<Record<'to' | 'cc' | 'bcc', string>>;

const MAIL_FIELDS: FieldNames = { to: 'to', cc: 'cc', bcc: 'bcc' };

interface SendOptions {
  /** Default: those of the mail API. */
  readonly fields?: FieldNames;
  /** Of a request with an idempotency key: what is kept of it with the message of this id. */
  readonly completes?: (id: number) => Completion | undefined;
}

/**
 * Gives messages to the acceptance that SMTP uses, by the rules that SMTP has: the envelope sender is the From address,
 * and the recipients are those of to, cc and bcc.
 */
export class Sending {
  readonly #submissions: Submissions;
  readonly #policy: AcceptancePolicy;
  readonly #onAccepted: (domain: Domain, client: Client, accepted: Accepted) => void;

  constructor(
    submissions: Submissions,
    onAccepted: (domain: Domain, client: Client, accepted: Accepted) => void = () => undefined,
  ) {
    this.#submissions = submissions;
    this.#policy = {
      ...submissions.policy,
      tagFields: [...submissions.policy.tagFields, TAGS_FIELD],
      listUnsubscribeField: LIST_UNSUBSCRIBE_FIELD,
    };
    this.#onAccepted = onAccepted;
  }

  /**
   * Resolves once the message is on stable storage.
   *
   * @throws ApiError if a rule refuses it; StoreError or a refusal of the acceptance otherwise
   */
  async send(
    domain: Domain,
    client: Client,
    message: Composed,
    { fields = MAIL_FIELDS, completes }: SendOptions = {},
  ): Promise<Accepted> {
    await this.#checkSender(domain, message);
    for (const recipient of message.recipients) await this.#checkRecipient(domain, recipient, fields);
    const submitted = submittedBy(domain, client, message, completes);
    const acceptance = this.#submissions.accept(submitted, this.#policy);
    try {
      for (let at = 0; at < message.octets.length; at += PIECE) {
        await acceptance.write(message.octets.subarray(at, at + PIECE));
        if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      }
      const accepted = await acceptance.end();
      this.#onAccepted(domain, client, accepted);
      return accepted;
    } catch (error) {
      acceptance.abort();
      throw error;
    }
  }

  async #checkSender(domain: Domain, { from }: Composed): Promise<void> {
    const refusal = await this.#submissions.sender(domain, from);
    if (!refusal) return;
    if (refusal.code === 550) throw new ApiError('domain_removed', { text: refusal.text });
    throw fromRefusal(refusal.code, refusal.text);
  }

  async #checkRecipient(
    domain: Domain,
    { forwardPath: address, field }: Composed['recipients'][number],
    fields: FieldNames,
  ): Promise<void> {
    const mailbox = forwardPath(address);
    if (mailbox === null || this.#submissions.recipientDomain(mailbox))
      throw fieldError(fields[field], 'is invalid');
    const refusal = await this.#submissions.recipient(domain, mailbox);
    if (!refusal) return;
    if (refusal.code >= 500) throw fieldError(fields[field], 'contains a blocked address');
    throw fromRefusal(refusal.code, refusal.text);
  }
}

function submittedBy(
  domain: Domain,
  client: Client,
  message: Composed,
  completes: SendOptions['completes'],
): Submitted {
  return {
    domain,
    reversePath: message.from.address,
    recipients: message.recipients.map(({ forwardPath }) => ({ forwardPath })),
    parameters: message.utf8 ? { smtputf8: true } : {},
    helloName: client.address.includes(':') ? `[IPv6:${client.address}]` : `[${client.address}]`,
    extended: true,
    lmtp: false,
    http: true,
    authenticated: true,
    utf8: message.utf8,
    clientAddress: client.address,
    tls: client.tls,
    origin: { way: 'api', listener: client.listener, hello: client.userAgent },
    completes,
  };
}
