import type { BareNewlines, Limits, SaslMechanism } from '../protocol/index.js';
import type { AdmissionLimits } from './admission.js';
import type { Certificates } from './certificates.js';
import type { Clock } from './deadlines.js';
import type { Handler } from './handler.js';

/** How long the server waits, in milliseconds. RFC 5321 4.5.3.2 has the least values for clients. */
export interface Timeouts {
  /** For one whole command line, from the reply before it: RFC 5321 4.5.3.2.7 (5 minutes). */
  readonly command: number;
  /** For the next octets of content: RFC 5321 4.5.3.2.5 (3 minutes). */
  readonly dataBlock: number;
  /** For a whole TLS handshake, from STARTTLS or the connection. */
  readonly handshake: number;
  /** For the client to read what was written. */
  readonly write: number;
  /** For the client to close after the last reply. */
  readonly linger: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  command: 5 * 60_000,
  dataBlock: 3 * 60_000,
  // Node's tls.Server waits two minutes; a handshake is two round trips.
  handshake: 30_000,
  write: 5 * 60_000,
  linger: 5_000,
};

/** The least speed of content. Without one, an octet a minute holds a transaction for years. */
export interface DataRate {
  /** Octets per second, on average since the content began; 0: any. */
  readonly octetsPerSecond: number;
  /** Milliseconds before the average counts. */
  readonly grace: number;
}

// A modem of 1962 (300 bit/s) is quicker than 30 octets a second.
export const DEFAULT_DATA_RATE: DataRate = { octetsPerSecond: 30, grace: 60_000 };

/** Options of a server; its handler's methods stand among them. */
export interface ServerOptions<Principal> extends Handler<Principal> {
  /** The server's own name, in the greeting and the hello. Default: the host's name. */
  readonly hostname?: string;
  /** What STARTTLS and implicit TLS are served with. Without it neither is on offer. */
  readonly certificates?: Certificates;
  /** SASL mechanisms, the best first. Default: PLAIN and LOGIN. */
  readonly mechanisms?: readonly SaslMechanism[];
  /** A bare CR or LF in content: the message is refused, or each becomes CRLF. Default: `reject`. */
  readonly bareNewlines?: BareNewlines;
  readonly limits?: Partial<Limits>;
  readonly admission?: Partial<AdmissionLimits>;
  readonly timeouts?: Partial<Timeouts>;
  readonly dataRate?: Partial<DataRate>;
  /** The clock that deadlines are told by, in milliseconds. Default: the process's monotonic clock. */
  readonly clock?: Clock;
}

/** One port. */
export interface ListenOptions {
  /** Address to listen on. Default: `127.0.0.1`. */
  readonly host?: string;
  /** 0: one that is free. */
  readonly port: number;
  /**
   * How TLS comes about. `starttls`: by STARTTLS. `implicit`: from the first octet. `detect`: either, told
   * by the first octet. `off`: not at all. Default: `starttls` where there are certificates, else `off`.
   */
  readonly tls?: 'starttls' | 'implicit' | 'detect' | 'off';
  /** Nothing goes before TLS. Default: false. */
  readonly tlsRequired?: boolean;
  /** No MAIL before AUTH. Default: true where the handler has `onAuth`. */
  readonly authRequired?: boolean;
  /**
   * With `detect`: how long the greeting waits for a client that speaks TLS at once, in milliseconds. Such a
   * client's first octet comes within about a round trip. Default: 20.
   */
  readonly tlsDetectMs?: number;
  /**
   * Addresses and networks (`192.0.2.0/24`) of proxies. Each connection from them must begin with a PROXY
   * header, version 1 or 2, which tells the client's address; from anywhere else a header is not taken.
   * Default: none.
   */
  readonly proxies?: readonly string[];
}

/** Where a listener came to listen. */
export interface Listening {
  readonly host: string;
  readonly port: number;
}
