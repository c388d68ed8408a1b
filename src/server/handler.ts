import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type {
  AbortReason,
  CommandLine,
  Hello,
  Mailbox,
  MailParameters,
  AnyCredentials,
  ExternalCredentials,
  PasswordCredentials,
  RcptParameters,
  Reply,
  SaslMechanism,
  ScramKeys,
  XclientAttributes,
  XforwardAttributes,
} from '../protocol/index.js';

/** The data of a client's TLS certificate. */
export interface ClientCertificate {
  /** Such as `CN=client, O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint256: string;
  /** Such as `DNS:client.example` and `email:someone@example.com`. */
  readonly subjectAltNames: readonly string[];
  /** One of the listener's authorities vouches for it, for a client, today. Where not, it proves nothing. */
  readonly authorized: boolean;
  /** Why it is not authorized, in words; null where it is. */
  readonly problem: string | null;
}

/** The result of a connection's TLS handshake. */
export interface TlsFacts {
  /** Such as `TLSv1.3`. */
  readonly version: string;
  /** The cipher suite's name in the IANA registry, such as `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** The host name that the client asked for (SNI), or null. */
  readonly serverName: string | null;
  /** Null where none was shown, or none was asked for. */
  readonly clientCertificate: ClientCertificate | null;
}

/** Credentials as a verifier gets them: with EXTERNAL comes the certificate that proves them. */
export type WithCertificate<C extends AnyCredentials> = C extends ExternalCredentials
  ? C & { readonly certificate: ClientCertificate }
  : C;

/** The credentials that a verifier must handle if these mechanisms are offered. */
export type CredentialsOf<M extends SaslMechanism<AnyCredentials>> =
  M extends SaslMechanism<infer C> ? WithCertificate<C> : never;

/** One accepted RCPT. */
export interface Recipient {
  readonly forwardPath: Mailbox;
  readonly parameters: RcptParameters;
}

/** The open transaction: MAIL and the recipients accepted so far. */
export interface Envelope {
  /** Null for `<>`. */
  readonly reversePath: Mailbox | null;
  readonly parameters: MailParameters;
  readonly recipients: readonly Recipient[];
}

/**
 * The facts about a session for its handler. It is live: each call sees the session as it is then. It is one object for
 * the life of the connection, so it can be the key of a `WeakMap`.
 *
 * @typeParam State what the option `state` makes for each session.
 */
export interface Session<Principal = unknown, State = object> {
  /** Unique in this process's life, for logs. */
  readonly id: string;
  /** The server's own name. */
  readonly hostname: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /**
   * The name that the client's address has in the DNS (PTR), if the option `reverseLookup` asks for it; null without
   * one. The owner of the address chooses the name, so it proves nothing.
   */
  readonly remoteName: string | null;
  readonly localAddress: string;
  readonly localPort: number;
  /** Null on a plain connection. */
  readonly tls: TlsFacts | null;
  /** Null before EHLO or HELO. */
  readonly hello: Hello | null;
  /** The result of `onAuth`; null before. */
  readonly principal: Principal | null;
  /** Null outside a transaction. */
  readonly envelope: Envelope | null;
  /** What a trusted relay said by XFORWARD of where the message is from, for the log; null where it said nothing. */
  readonly origin: XforwardAttributes | null;
  /** Yours: made by the option `state` when it is first used, and the same for the life of the connection. */
  readonly state: State;
  /**
   * Aborted when the connection is over: a look-up for a client that has gone can be given up. A client that has only
   * ended its half is there still, and reads replies.
   */
  readonly signal: AbortSignal;
  /** Ends the connection at once, without a word. What the client sent is lost, and a verdict on it is not sent. */
  disconnect(): void;
}

/** Who a client is in a transaction: null only if the server takes mail without AUTH. */
export type PrincipalOf<Principal, AuthOptional extends boolean> = AuthOptional extends true
  ? Principal | null
  : Principal;

/** A session that may send mail. Its client has said hello and, unless AUTH is optional, who it is. */
export interface SenderSession<
  Principal = unknown,
  State = object,
  AuthOptional extends boolean = false,
> extends Session<Principal, State> {
  readonly hello: Hello;
  readonly principal: PrincipalOf<Principal, AuthOptional>;
}

/** A session in a transaction: MAIL was accepted. */
export interface TransactionSession<
  Principal = unknown,
  State = object,
  AuthOptional extends boolean = false,
> extends SenderSession<Principal, State, AuthOptional> {
  readonly envelope: Envelope;
}

/**
 * A decision. Nothing: yes. A {@link Reply}: yes or no by its code, with its text. A thrown `Refusal`: no.
 * Anything else thrown: `451 4.3.0`, and `onError` hears of it. A 421 closes the connection.
 *
 * Given at once it costs no turn of the event loop; a promise pauses the session until it settles.
 */
export type Decision = void | Reply | Promise<void | Reply>;

/**
 * A decision on a message. In LMTP a list gives each recipient a reply of its own, in the order of the
 * envelope; anything else holds for all of them. In SMTP there is one reply, and a list is an error.
 */
export type MessageDecision = Decision | readonly Reply[] | Promise<void | Reply | readonly Reply[]>;

/**
 * Takes one message's content. The calls come in this order: any number of `write`, then one `end` or one
 * `abort`, and nothing after it.
 */
export interface ContentSink {
  /**
   * The next octets, dot-unstuffed. A promise holds the peer back until it settles. To throw or reject
   * refuses the message: the rest is read and dropped, `abort` is called, and the reply goes out at the
   * end of the content.
   *
   * Ownership: the octets belong to the sink from here on, and will not change; they may be a small part
   * of a larger buffer, so copy what is kept for long.
   */
  write(octets: Uint8Array): void | Promise<void>;
  /** All has come. To accept is to answer for the message: RFC 5321 6.1. */
  end(): MessageDecision;
  /** The message will not come to its end. Must not throw. */
  abort(reason: AbortReason): void;
}

/**
 * A message's content: octets with their dots unstuffed, read once in one of three forms. Each holds the client back
 * while the reader is busy, and fails with `BodyAborted` if the content does not come to its end.
 */
export interface MessageBody extends AsyncIterable<Uint8Array> {
  /** Returns the content as a stream of Node. */
  toReadable(): Readable;
  /** Returns the content as a stream of the web. */
  toWeb(): ReadableStream<Uint8Array>;
}

/**
 * Hears what happens, and decides nothing: for logs and counters. Every method is optional; what one throws becomes a
 * warning of the process.
 */
export interface Observer<Principal = unknown, State = object> {
  /** The client has been greeted. */
  onGreeted?(session: Session<Principal, State>): void;
  /** A message was accepted, with this reply; in LMTP, for at least one recipient. The envelope is there still. */
  onAccepted?(session: Session<Principal, State>, reply: Reply): void;
  /** The transaction is gone without content: RSET, a new hello, the end of the connection. */
  onReset?(session: Session<Principal, State>): void;
  /** The connection is over. */
  onClose?(session: Session<Principal, State>, reason: string): void;
  /** A command or a message was refused. */
  onRefused?(session: Session<Principal, State>, command: string, reply: Reply): void;
  /** Called for an error that the client saw little of: of a handler, of STARTTLS, of a socket. */
  onError?(session: Session<Principal, State>, error: Error): void;
  /**
   * Called if a client went before it could be greeted, with the reason in words. Its TLS handshake may have failed.
   * @param remoteAddress the client's, if a proxy has sent it; else the proxy's.
   */
  onRefusedArrival?(remoteAddress: string, error: Error): void;
}

/**
 * The methods that the server calls: an object, or an instance of a class. Every method is optional; without one, the
 * answer is yes. If a method answers with anything but a decision, the server refuses with `451 4.3.0` and calls
 * `onError`.
 *
 * @typeParam C the credentials that `onAuth` gets: those of the offered mechanisms, PLAIN and LOGIN by default.
 * @typeParam State what the option `state` makes for each session.
 * @typeParam AuthOptional whether the server takes mail without AUTH, as its option `authOptional` says.
 */
export interface Handler<
  Principal = unknown,
  C = PasswordCredentials,
  State = object,
  AuthOptional extends boolean = false,
> extends Observer<Principal, State> {
  onConnect?(session: Session<Principal, State>): Decision;
  /** A TLS handshake is done, by STARTTLS or at once; then before `onConnect`. A refusal is all that the client gets. */
  onSecure?(session: Session<Principal, State>): Decision;
  /**
   * A command line has come, known or not, before it is carried out. Nothing: it is carried out. A reply answers it, and
   * nothing else happens. The text is what the client wrote: if it is out of step, that may be a password.
   */
  onCommand?(session: Session<Principal, State>, command: CommandLine): Decision;
  onHello?(session: Session<Principal, State>, hello: Hello): Decision;
  /**
   * Returns the principal that the credentials prove, or null for `535 5.7.8`, or a refusing reply. What JavaScript
   * thinks false (`undefined`, `false`, 0, an empty text) refuses as well. Without this method AUTH is not offered.
   */
  onAuth?(
    session: Session<Principal, State>,
    credentials: C,
  ): Principal | Reply | null | Promise<Principal | Reply | null>;
  /**
   * What is kept of a user's password for SCRAM (see `scramKeys`), or null where there is no such user: the
   * client cannot tell the two apart. Once it has proven that it knows the password, `onAuth` is asked.
   */
  onScram?(session: Session<Principal, State>, user: string): ScramKeys | null | Promise<ScramKeys | null>;
  /**
   * A trusted relay says by XCLIENT for whom it speaks from here on; the session still shows the relay. After
   * a yes it shows the client, and `onConnect` is asked anew. LOGIN is on offer where this method is; it
   * makes no principal: the client sends AUTH, or the port asks for none.
   */
  onXclient?(session: Session<Principal, State>, client: XclientAttributes): Decision;
  /** @param reversePath null for `<>`. */
  onMail?(
    session: SenderSession<Principal, State, AuthOptional>,
    reversePath: Mailbox | null,
    parameters: MailParameters,
  ): Decision;
  onRcpt?(
    session: TransactionSession<Principal, State, AuthOptional>,
    forwardPath: Mailbox,
    parameters: RcptParameters,
  ): Decision;
  /**
   * A message's content, as a stream. The message is accepted when the promise resolves, so not before the
   * body was read and kept: a yes while the body is being read refuses the message with `451 4.3.0`. The iteration
   * throws where the content does not come to its end.
   */
  onData?(session: TransactionSession<Principal, State, AuthOptional>, body: MessageBody): MessageDecision;
  /**
   * The same, closer to the wire, in place of `onData`: asked before `354`, gives the sink, or a refusal. Nothing is no
   * answer here: `451 4.3.0`.
   */
  onContent?(
    session: TransactionSession<Principal, State, AuthOptional>,
  ): ContentSink | Reply | Promise<ContentSink | Reply>;
}
