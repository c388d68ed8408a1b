import type { ClientCredentials, Shared } from '../../../client/parts.js';
import type { Cut } from './environment.js';
import type { SmtpClientLimits } from './limits.js';

/** The options of a session: how to connect, and what it takes before messages can be sent. */
export interface SessionOptions {
  /** The server's name: for TLS, and for messages. */
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket, in place of host and port. */
  readonly path?: string;
  /** The address of the host, if it was looked up already. */
  readonly address?: string;
  /** The name in the error message if the server cannot be reached. Default: the host. */
  readonly displayName?: string;
  /** The name that Postern sends in EHLO. */
  readonly hello: string;
  readonly lmtp: boolean;
  /** `implicit`: from the first octet. `optional`: STARTTLS if it is offered. */
  readonly tls: 'implicit' | 'required' | 'optional' | 'off';
  /** Whether the certificate must be valid for the host. */
  readonly verify: boolean;
  /** PEM; undefined for the system's authorities. */
  readonly ca: Buffer | undefined;
  readonly credentials: ClientCredentials | null;
  readonly limits: SmtpClientLimits;
  /** Whether the name of the host can be trusted. If it cannot, no certificate proves anything. */
  readonly trusted: boolean;
  readonly shared: Shared;
  readonly onCut?: ((cut: Cut) => void) | undefined;
}
