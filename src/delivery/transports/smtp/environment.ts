import type { SmtpClientLimits } from './limits.js';

/** What a transport by SMTP needs of whoever opens it. */
export interface SmtpEnvironment {
  /** The name that this side says in EHLO: its own, fully qualified (RFC 5321 4.1.4). */
  readonly hostname: string;
  /** What differs from the defaults. */
  readonly limits?: Partial<SmtpClientLimits>;
  /** The time of day, in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
}
