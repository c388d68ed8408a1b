/** One port of the sink. */
export interface SinkListener {
  readonly host: string;
  readonly port: number;
  readonly lmtp: boolean;
  readonly tls: 'starttls' | 'implicit' | 'detect' | 'off';
  readonly tlsRequired: boolean;
  readonly authRequired: boolean;
}

/** What a sink does, in values that can be sent to another process. */
export interface SinkPlan {
  readonly hostname: string;
  readonly listeners: readonly SinkListener[];
  /** AUTH is on offer, and believes everybody. */
  readonly auth: boolean;
  /** PEM texts; null: no TLS. */
  readonly certificate: { readonly cert: string; readonly key: string } | null;
  /** Milliseconds that a client of `detect` has to speak TLS first. */
  readonly tlsDetect: number;
  /** Milliseconds before the reply to a message. */
  readonly delay: number;
  /** Shares of the messages, from 0 to 1, that get a 4yz reply, a 5yz reply, or none. */
  readonly tempfail: number;
  readonly permfail: number;
  readonly disconnect: number;
  /** Octets of content that are read a second, on each connection; null: as many as come. */
  readonly slowRead: number | null;
  readonly seed: number;
  /** Folder in which messages are kept; null: none is. */
  readonly dump: string | null;
  readonly maxSize: number;
  readonly threads: number;
}

/** What a sink has seen. Every field adds up over processes. */
export interface SinkCounts {
  connections: number;
  /** Connections that are open now. */
  open: number;
  /** Messages that got a 2yz reply. */
  accepted: number;
  tempfailed: number;
  permfailed: number;
  /** Messages whose reply was the end of the connection. */
  disconnected: number;
  /** Messages that did not come to their end. */
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
