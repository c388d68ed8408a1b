import type {
  BareNewlines,
  Limits,
  OptionalExtensions,
  PasswordCredentials,
  SaslMechanism,
  SpaceBeforePath,
  Syntax,
} from '../protocol/index.js';
import type { Certificates } from './tls/certificates.js';
import type { Clock } from './connection/deadlines.js';
import type { Observer } from './handler.js';
import type { AdmissionLimits, DataRate, Timeouts } from './limits.js';

/**
 * Options of a server.
 *
 * @typeParam M the mechanisms on offer, which say what credentials the handler's `onAuth` gets.
 */
export interface ServerOptions<
  Principal = unknown,
  M extends SaslMechanism = SaslMechanism<PasswordCredentials>,
> {
  /** The server's own name, in the greeting and the hello. Default: the host's name. */
  readonly hostname?: string;
  /** The certificates for STARTTLS and implicit TLS. Without them neither is offered. */
  readonly certificates?: Certificates;
  /** SASL mechanisms, the best first. Default: PLAIN and LOGIN. */
  readonly mechanisms?: readonly M[];
  /**
   * Offer AUTH on connections without TLS, too: passwords then go in the clear. Say so behind a proxy that ends TLS.
   * Default: false.
   */
  readonly allowInsecureAuth?: boolean;
  /** Hear what happens, beside the handler: logs and counters. Default: none. */
  readonly observers?: readonly Observer<Principal>[];
  /** A bare CR or LF in content: the message is refused, or each becomes CRLF. Default: `reject`. */
  readonly bareNewlines?: BareNewlines;
  /**
   * A space between `FROM:` or `TO:` and the path, which RFC 5321 3.3 forbids and many clients write: it is passed
   * over, or the command gets 501. Default: `accept`.
   */
  readonly spaceBeforePath?: SpaceBeforePath;
  /**
   * Whether common mistakes of clients are taken that can mean one thing only: any printable hello name, an address
   * without angle brackets, AUTH after HELO. `strict` refuses them. Default: `tolerant`.
   */
  readonly syntax?: Syntax;
  /** Extensions to offer, and to honour by the handler: what came with MAIL and RCPT is in the envelope. */
  readonly extensions?: Partial<OptionalExtensions>;
  readonly limits?: Partial<Limits>;
  readonly admission?: Partial<AdmissionLimits>;
  readonly timeouts?: Partial<Timeouts>;
  readonly dataRate?: Partial<DataRate>;
  /** The clock for deadlines, in milliseconds. Default: the process's monotonic clock. */
  readonly clock?: Clock;
}

/** One listener. It has a `port`, a `path` or a `handle`, as `net.Server.listen` takes them. */
export interface ListenOptions {
  /** Address to listen on. Default: `127.0.0.1`. */
  readonly host?: string;
  /** 0: one that is free. */
  readonly port?: number;
  /** A Unix socket. There is no TLS on it: its clients are on this machine. */
  readonly path?: string;
  /** A socket that listens or is bound already: a handle of Node, or its descriptor as `{ fd }`. */
  readonly handle?: object;
  /** Connections that wait to be accepted, at the most. Default: 1024. */
  readonly backlog?: number;
  /**
   * How TLS begins. `starttls`: by STARTTLS. `implicit`: from the first octet. `detect`: either, by the first octet.
   * `off`: never. Default: `starttls` if there are certificates, else `off`.
   */
  readonly tls?: 'starttls' | 'implicit' | 'detect' | 'off';
  /**
   * LMTP in place of SMTP (RFC 2033): the client says LHLO, and each recipient gets a reply of its own behind the
   * message. Not on port 25. Default: false.
   */
  readonly lmtp?: boolean;
  /** Nothing goes before TLS. Default: false. */
  readonly tlsRequired?: boolean;
  /** No MAIL before AUTH. Default: true where the handler has `onAuth`. */
  readonly authRequired?: boolean;
  /**
   * With `detect`: how long the greeting waits for a client that speaks TLS at once, in milliseconds. It does not wait
   * if the last connections of the client's network were plain: three in a row within ten minutes, and none with TLS
   * at once. Default: 500, twice what a cold JVM needs.
   */
  readonly tlsDetectMs?: number;
  /**
   * Whether clients are asked for a TLS certificate of theirs, which `clientAuthorities` of the certificates
   * must vouch for. `optional`: one that is missing or bad proves nothing, and the session goes on.
   * `required`: it gets 554, and nothing goes before TLS. Default: `none`.
   */
  readonly clientCertificates?: 'none' | 'optional' | 'required';
  /**
   * Addresses and networks (`192.0.2.0/24`) of proxies. Each connection from them must begin with a PROXY header,
   * version 1 or 2, which has the client's address; from other addresses a header is not accepted. Default: none.
   */
  readonly proxies?: readonly string[];
  /**
   * Addresses and networks of relays that are trusted to name the client that they speak for: XCLIENT and XFORWARD are
   * offered to them only. Default: none.
   */
  readonly relays?: readonly string[];
  /** Connections from anywhere but the `proxies` are closed. Default: false, they are taken as they come. */
  readonly proxiesOnly?: boolean;
}

/** Where a listener came to listen. */
export interface Listening {
  /** The address; empty for a Unix socket. */
  readonly host: string;
  /** The port; 0 for a Unix socket. */
  readonly port: number;
  /** The Unix socket, or null. */
  readonly path: string | null;
}
