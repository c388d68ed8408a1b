import type {
  AnyCredentials,
  BareNewlines,
  Limits,
  Meter,
  OptionalExtensions,
  PasswordCredentials,
  Reply,
  SaslMechanism,
  SpaceBeforePath,
  Syntax,
  UnknownParameters,
} from '../protocol/index.js';
import type { Clock } from './connection/deadlines.js';
import type { Observer, Session } from './handler.js';
import type { Logger } from './logger.js';
import type { ReverseLookup } from './reverse-lookup.js';
import type { TlsSource } from './tls/tls-source.js';
import type { AdmissionLimits, DataRate, Timeouts } from './limits.js';

/**
 * Options of a server.
 *
 * @typeParam M the mechanisms on offer, which say what credentials the handler's `onAuth` gets.
 * @typeParam State what `state` makes for each session.
 * @typeParam AuthOptional what `authOptional` says.
 */
export interface ServerOptions<
  Principal = unknown,
  M extends SaslMechanism<AnyCredentials> = SaslMechanism<PasswordCredentials>,
  State extends object = object,
  AuthOptional extends boolean = boolean,
> {
  /** The server's own name, in the greeting and the hello. Default: the host's name. */
  readonly hostname?: string;
  /** What the greeting says after the hostname and `ESMTP`. Default: `ready`. */
  readonly banner?: string;
  /** What the answer to EHLO and HELO says after the hostname. Default: `Nice to meet you, [address]`. */
  readonly helloText?: string;
  /**
   * Changes replies before they are sent: their text, their enhanced code, or the code for one that means the same. It
   * gets each reply and returns another one, or nothing to leave it as it is. `reply.name` is its name in the catalogue
   * of docs/replies.md, null for a reply of the handler's; `context.verb` the command that it answers, empty for a
   * greeting and for farewells. `context.session` is null if a client is turned away before it has one. Challenges of
   * AUTH are not passed to it.
   */
  reword?(reply: Reply, context: RewordContext<Principal, State>): Reply | void;
  /** The certificates for STARTTLS and implicit TLS. Without them neither is offered. */
  readonly certificates?: TlsSource;
  /** SASL mechanisms, the best first. Default: PLAIN and LOGIN. */
  readonly mechanisms?: readonly M[];
  /**
   * Offer AUTH on connections without TLS, too: passwords then go in the clear. Say so behind a proxy that ends TLS.
   * Default: false.
   */
  readonly allowInsecureAuth?: boolean;
  /**
   * Ports may take mail without AUTH although there is `onAuth`: `listen({ authRequired: false })`. In the handler's
   * types `session.principal` may then be null in a transaction. Default: false.
   */
  readonly authOptional?: AuthOptional;
  /** Makes `session.state` when it is first used. Default: an empty object. */
  readonly state?: () => State;
  /** Hear what happens, beside the handler: logs and counters. Default: none. */
  readonly observers?: readonly Observer<Principal, State>[];
  /** Writes a line of log for each connection, message, refusal and error: pino, or what has its methods. Default: none. */
  readonly logger?: Logger;
  /**
   * Look up the name of each client's address (PTR) before the greeting, by Node's resolver or by a function of yours.
   * A client is greeted without a name after two seconds. Default: false.
   */
  readonly reverseLookup?: boolean | ReverseLookup;
  /** Counts commands and replies, for metrics. It is called for each, so it must be quick. Default: none. */
  readonly meter?: Meter;
  /** A bare CR or LF in content: the message is refused, or each becomes CRLF. Default: `reject`. */
  readonly bareNewlines?: BareNewlines;
  /**
   * A space between `FROM:` or `TO:` and the path, which RFC 5321 3.3 forbids and many clients write: it is passed
   * over, or the command gets 501. Default: `accept`.
   */
  readonly spaceBeforePath?: SpaceBeforePath;
  /**
   * Whether common mistakes of clients are taken that can mean one thing only. These are any printable hello name, an
   * address without angle brackets, and AUTH after HELO. `strict` refuses them. `lenient` also takes any text between
   * angle brackets for an address, `<a b@@c>`: for filters and test servers, which must see mail as it is. Default: `tolerant`.
   */
  readonly syntax?: Syntax;
  /**
   * A parameter of MAIL or RCPT that belongs to no extension on offer: 555, or it is taken and has no effect, and
   * `onCommand` can read it. Default: `reject`.
   */
  readonly unknownParameters?: UnknownParameters;
  /** Extensions to offer, and to honour by the handler: what came with MAIL and RCPT is in the envelope. */
  readonly extensions?: Partial<OptionalExtensions>;
  readonly limits?: Partial<Limits>;
  readonly admission?: Partial<AdmissionLimits>;
  readonly timeouts?: Partial<Timeouts>;
  readonly dataRate?: Partial<DataRate>;
  /** The clock for deadlines, in milliseconds. Default: the process's monotonic clock. */
  readonly clock?: Clock;
}

/** What a reply is about. */
export interface RewordContext<Principal = unknown, State = object> {
  readonly session: Session<Principal, State> | null;
  readonly verb: string;
}

/** How connections are received, by `listen` and by `acceptor`. */
export interface AcceptOptions {
  /**
   * How TLS begins. `starttls`: by STARTTLS. `implicit`: from the first octet. `detect`: either, by the first octet.
   * `off`: never. Default: `starttls` if there are certificates, else `off`.
   */
  readonly tls?: 'starttls' | 'implicit' | 'detect' | 'off';
  /**
   * LMTP in place of SMTP (RFC 2033). The client says LHLO, and each recipient gets a reply of its own behind the
   * message. Not on port 25. Default: false.
   */
  readonly lmtp?: boolean;
  /** Nothing goes before TLS. Default: false. */
  readonly tlsRequired?: boolean;
  /** No MAIL before AUTH. Default: true where the handler has `onAuth`; false needs `authOptional` there. */
  readonly authRequired?: boolean;
  /**
   * With `detect`: how long the greeting waits for a client that speaks TLS at once, in milliseconds. It does not wait
   * if the last connections of the client's network were plain: five in a row within ten minutes, and none with TLS
   * at once. Default: 500. A cold JVM needs half of it.
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
   * What a connection gets before it is closed if it does not begin with a PROXY header where one is due. Default:
   * nothing. A proxy does not read it.
   */
  readonly proxyRefusal?: string;
  /**
   * Addresses and networks of relays that are trusted to name the client that they speak for: XCLIENT and XFORWARD are
   * offered to them only. Default: none.
   */
  readonly relays?: readonly string[];
  /** Connections from anywhere but the `proxies` are closed. Default: false, they are taken as they come. */
  readonly proxiesOnly?: boolean;
}

/** One listener. It has a `port`, a `path` or a `handle`, as `net.Server.listen` takes them. */
export interface ListenOptions extends AcceptOptions {
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
