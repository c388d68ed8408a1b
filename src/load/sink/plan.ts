/** One port of the sink, or a Unix socket. */
export interface SinkListener {
  /** Path of a Unix socket; host and port are then not used. */
  readonly path: string | null;
  readonly host: string;
  readonly port: number;
  readonly lmtp: boolean;
  readonly tls: 'starttls' | 'implicit' | 'detect' | 'off';
  readonly tlsRequired: boolean;
  readonly authRequired: boolean;
}

/** The behaviour of a sink, in values that can be sent to another process. */
export interface SinkPlan {
  readonly hostname: string;
  readonly listeners: readonly SinkListener[];
  /** If true, AUTH is offered and accepts any credentials. */
  readonly auth: boolean;
  /** PEM texts; null if there is no TLS. */
  readonly certificate: { readonly cert: string; readonly key: string } | null;
  /** How long a client on a `detect` port may take to start TLS, in milliseconds. */
  readonly tlsDetect: number;
  /** Milliseconds before the reply to a message. */
  readonly delay: number;
  /** Shares of the messages, from 0 to 1, that get a 4yz reply, a 5yz reply, or no reply. */
  readonly tempfail: number;
  readonly permfail: number;
  readonly disconnect: number;
  /** Octets of content that each connection reads a second; null if there is no limit. */
  readonly slowRead: number | null;
  readonly seed: number;
  /** Folder in which messages are kept; null if none are kept. */
  readonly dump: string | null;
  readonly maxSize: number;
  readonly threads: number;
}

/** Counters of a sink. Every field adds up over processes. */
export interface SinkCounts {
  connections: number;
  /** Connections that are open now. */
  open: number;
  /** Messages that got a 2yz reply. */
  accepted: number;
  tempfailed: number;
  permfailed: number;
  /** Messages that ended with a closed connection in place of a reply. */
  disconnected: number;
  /** Messages whose content never ended. */
  aborted: number;
  /** Recipients and octets of the accepted messages. */
  recipients: number;
  octets: number;
  /** Commands and messages that the server itself refused. */
  refused: number;
}

export const NO_COUNTS: SinkCounts = {
  connections: 0,
  open: 0,
  accepted: 0,
  tempfailed: 0,
  permfailed: 0,
  disconnected: 0,
  aborted: 0,
  recipients: 0,
  octets: 0,
  refused: 0,
};

export function sumCounts(all: readonly SinkCounts[]): SinkCounts {
  const sum = { ...NO_COUNTS };
  for (const counts of all) {
    for (const name of Object.keys(sum) as (keyof SinkCounts)[]) sum[name] += counts[name];
  }
  return sum;
}
