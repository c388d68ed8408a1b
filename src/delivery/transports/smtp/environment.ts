import type { SmtpClientLimits } from './limits.js';

/** The values that an SMTP transport needs when it is opened. */
export interface SmtpEnvironment {
  /** The name that Postern sends in EHLO: its own, fully qualified (RFC 5321 4.1.4). */
  readonly hostname: string;
  /** The limits that differ from the defaults. */
  readonly limits?: Partial<SmtpClientLimits>;
  /** Returns the time in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
}
