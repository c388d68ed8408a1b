import type { ConnectionOptions } from 'node:tls';
import type { Secret } from '../../../base/secret.js';
import type { SmtpClientLimits } from './limits.js';

/** How a connection becomes one that messages can go over. */
export interface SessionOptions {
  /** Its name: for TLS, and for people. */
  readonly host: string;
  /** What this side says in EHLO. */
  readonly hello: string;
  /** `implicit`: from the first octet. `optional`: STARTTLS where it is on offer. */
  readonly tls: 'implicit' | 'required' | 'optional' | 'off';
  /** `rejectUnauthorized` and `ca`, as Node has them. */
  readonly tlsOptions: ConnectionOptions;
  readonly credentials: { readonly user: Secret; readonly password: Secret } | null;
  readonly limits: SmtpClientLimits;
  /** Whether its name is known from somebody who may be believed: where not, no certificate proves anything. */
  readonly trusted: boolean;
}
