import type { ClientCredentials, Shared } from '../../../client/index.js';
import type { SmtpClientLimits } from './limits.js';

/** How a connection becomes one that messages can go over. */
export interface SessionOptions {
  /** Its name: for TLS, and for people. */
  readonly host: string;
  readonly port: number;
  /** A Unix socket, in place of host and port. */
  readonly path?: string;
  /** The address of the host, if it was looked up already. */
  readonly address?: string;
  /** What an error message says in place of the host if it cannot be reached. Default: the host. */
  readonly place?: string;
  /** What this side says in EHLO. */
  readonly hello: string;
  readonly lmtp: boolean;
  /** `implicit`: from the first octet. `optional`: STARTTLS if it is offered. */
  readonly tls: 'implicit' | 'required' | 'optional' | 'off';
  /** Whether a connection needs a certificate that is valid for the host. */
  readonly verify: boolean;
  /** PEM; undefined for the system's authorities. */
  readonly ca: Buffer | undefined;
  readonly credentials: ClientCredentials | null;
  readonly limits: SmtpClientLimits;
  /** Whether the name of the host is trustworthy: if it is not, no certificate proves anything. */
  readonly trusted: boolean;
  readonly shared: Shared;
}
