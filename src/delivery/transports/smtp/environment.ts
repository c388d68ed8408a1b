import type { SmtpClientLimits } from './limits.js';

/** A connection that Postern closed because of what the remote server sent. */
export interface Cut {
  /** Name or address of the remote server. */
  readonly host: string;
  /** In words, such as `in reply to RSET`. */
  readonly phase: string;
  /** What it sent, in words. */
  readonly reason: string;
}

/** The values that an SMTP transport needs when it is opened. */
export interface SmtpEnvironment {
  /** The name that Postern sends in EHLO: its own, fully qualified (RFC 5321 4.1.4). */
  readonly hostname: string;
  /** The limits that differ from the defaults. */
  readonly limits?: Partial<SmtpClientLimits>;
  /**
   * Called if Postern closed a connection because the remote server sent what it must not send, and no attempt records
   * it: no message was on its way.
   */
  readonly onCut?: ((cut: Cut) => void) | undefined;
  /**
   * Returns the part that this process has of a limit which holds over all servers, at the moment. Default: all of it.
   */
  readonly share?: ((limit: number) => number) | undefined;
  /** Returns the time in milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
}
