import type { Attempt } from '../../store/queue.js';

/** A recipient whose mail has not got out for minutes. */
export interface Failure {
  readonly forwardPath: string;
  /** When the message came in, in milliseconds since the epoch. */
  readonly since: number;
  /** The last attempt; null if the recipient was due and was not tried. */
  readonly attempt: Pick<Attempt, 'outcome' | 'remoteHost' | 'reply'> | null;
}

/** Recipients with different addresses that servers refused: one or two may have a full mailbox, or be greylisted. */
const ADDRESSES = 3;
/** Domains of recipients whose servers cannot be used: one may be out of order, or have a typing error. */
const DOMAINS = 2;

/**
 * Replies about this server and not about a recipient: the service is not available, a temporary failure of AUTH or TLS,
 * authentication required, too weak, rejected (RFC 5321 4.2.2, RFC 4954 6, RFC 3207 4).
 */
const ABOUT_THIS_SERVER = /^(421|454|530|534|535|538)\b/;

/**
 * Decides whether failures are those of the server, or of single recipients:
 *
 * - one recipient that is due and not tried is enough: this server does not work
 * - one that no server took mail for is enough if all mail goes to one server, such as a smarthost; if mail goes to the
 *   servers of its recipients, it takes two of their domains
 * - otherwise it takes three different addresses
 */
export class Failures {
  readonly #addresses = new Set<string>();
  readonly #unusable = new Set<string>();

  /** @param direct whether mail goes to the servers of its recipients */
  constructor(private readonly direct: boolean) {}

  /** Adds a failure, and returns whether they are now those of the server. */
  add({ forwardPath, attempt }: Failure): boolean {
    if (attempt === null) return true;
    const address = forwardPath.toLowerCase();
    this.#addresses.add(address);
    if (isUnusable(attempt)) this.#unusable.add(address.slice(address.lastIndexOf('@') + 1));
    return this.#addresses.size >= ADDRESSES || this.#unusable.size >= (this.direct ? DOMAINS : 1);
  }
}

/** Whether no server took the message into its hands: it was not reached, or had no use for this server. */
function isUnusable({ outcome, remoteHost, reply }: NonNullable<Failure['attempt']>): boolean {
  return (outcome === 'deferred' && remoteHost === null) || ABOUT_THIS_SERVER.test(reply);
}
