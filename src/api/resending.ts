import type { MessageRecord } from '../store/mail.js';
import type { Domain, MessageId, Scope, Store } from '../store/port.js';
import { resendMessage } from '../store/resend.js';
import type { Submissions } from '../submission/submissions.js';
import { ApiError } from './errors.js';
import { fromRefusal } from './plugins/errors.js';
import type { Gate } from './reading/gate.js';
import type { Client } from './sending.js';

/** Returns the status that the copy of a message begins with. */
type StatusOfCopy = (domain: Domain, message: MessageRecord) => 'held' | 'queued';

/** Sends stored messages again, by the rules that hold for new ones. */
export class Resending {
  readonly #statusOf: StatusOfCopy;

  /** @param statusOf default: the policy of new messages */
  constructor(
    private readonly store: Pick<Store, 'open' | 'mail'>,
    private readonly submissions: Pick<Submissions, 'again' | 'directory' | 'policy'>,
    private readonly gate: Gate,
    private readonly now: () => number,
    statusOf?: StatusOfCopy,
  ) {
    const { status } = submissions.policy;
    this.#statusOf =
      statusOf ?? ((domain, { tags }) => (typeof status === 'function' ? status(domain, tags) : status));
  }

  /**
   * Stores a copy of a message, and returns its id.
   *
   * @throws ApiError if the scope does not have the message, its content or its domain is gone, a recipient is blocked,
   * the domain sends too quickly, or too many are copied at this time; StoreError
   */
  async resend(scope: Scope, id: MessageId, client: Client): Promise<MessageId> {
    const message = await this.store.mail.message(scope, id);
    if (message === null) throw new ApiError('not_found');
    if (message.contentRemoved) throw new ApiError('content_removed');
    const leave = this.gate.enter(scope);
    try {
      return await this.#copy(scope, message, client);
    } finally {
      leave();
    }
  }

  async #copy(scope: Scope, message: MessageRecord, client: Client): Promise<MessageId> {
    const domain = await this.submissions.directory.byId(message.domainId);
    if (domain === null) throw new ApiError('domain_removed');
    const recipients = message.recipients.map(({ forwardPath }) => forwardPath);
    const refusal = await this.submissions.again(domain, recipients);
    if (refusal) throw fromRefusal(refusal.code, refusal.text);
    const copy = await resendMessage(this.store, scope, message.id, {
      receivedAt: this.now(),
      status: this.#statusOf(domain, message),
      clientAddress: client.address,
      tls: client.tls,
      origin: { way: 'api', listener: client.listener, hello: client.userAgent },
    });
    if (copy === null) throw new ApiError('content_removed');
    return copy;
  }
}
