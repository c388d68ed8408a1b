/** What a server has done since it was made. */
export interface ServerStats {
  /** Connections that are open. */
  readonly open: number;
  /** Connections that were greeted or refused by the handler. */
  readonly connections: number;
  /** Clients that could not be greeted: too many connections, a TLS handshake that failed, no PROXY header. */
  readonly turnedAway: number;
  /** Messages that were accepted, for one recipient or more. */
  readonly accepted: number;
  /** Replies that refused a command or a message. */
  readonly refused: number;
  /** AUTH that succeeded. */
  readonly authenticated: number;
}

/** The counters behind {@link ServerStats}. */
export class Counters {
  connections = 0;
  turnedAway = 0;
  accepted = 0;
  refused = 0;
  authenticated = 0;
}
