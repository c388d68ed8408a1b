import type { Socket } from 'node:net';
import type { PassThrough } from 'node:stream';
import type { CipherNameAndProtocol, TLSSocket } from 'node:tls';

/** Parameters of MAIL or RCPT: names in capitals; `true` if a parameter has no value. */
export type SMTPServerAddressArgs = Record<string, string | true>;

/** What the client said of notifications with RCPT (RFC 3461). Only if the option `hideDSN` is false. */
export interface SMTPServerRecipientDSN {
  /** The words of NOTIFY, in capitals. */
  notify?: string[];
  /** The value of ORCPT, as it came. */
  orcpt?: string;
}

/** The address of MAIL or RCPT. */
export interface SMTPServerAddress {
  /** Without angle brackets; empty for the null reverse-path. */
  address: string;
  /** The parameters, or false if there was no parameter. */
  args: SMTPServerAddressArgs | false;
  /** Of RCPT only. */
  dsn?: SMTPServerRecipientDSN;
}

/** What the client said of notifications with MAIL (RFC 3461). */
export interface SMTPServerEnvelopeDSN {
  ret: string | null;
  envid: string | null;
}

/** The envelope of the transaction in hand. */
export interface SMTPServerEnvelope {
  /** False before MAIL was accepted. */
  mailFrom: SMTPServerAddress | false;
  /** Accepted recipients; one that came twice is listed once. */
  rcptTo: SMTPServerAddress[];
  /** `7bit` or `8bitmime` (RFC 6152). */
  bodyType: string;
  /** The client sent SMTPUTF8 (RFC 6531). */
  smtpUtf8: boolean;
  /** The client sent REQUIRETLS (RFC 8689). */
  requireTLS: boolean;
  /** Only if the option `hideDSN` is false. */
  dsn?: SMTPServerEnvelopeDSN;
}

/** The facts of a connection, for the hooks. One object for the life of the connection; add to it what you like. */
export interface SMTPServerSession {
  /** Unique in the life of the process. */
  id: string;
  localAddress: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
  /** The name of the client's address in the DNS; the address in brackets without one. */
  clientHostname: string;
  /** `EHLO`, `HELO` or `LHLO`. At run time it is false before the hello. */
  openingCommand: string;
  /** The name in the hello. At run time it is false before the hello. */
  hostNameAppearsAs: string;
  envelope: SMTPServerEnvelope;
  /** The connection has TLS. */
  secure: boolean;
  /** The protocol for a Received field (RFC 3848), such as `ESMTPSA`. */
  transmissionType: string;
  /** The cipher, or false without TLS. */
  tlsOptions: CipherNameAndProtocol | false;
  /** The host name that the client asked for in the handshake (SNI). */
  servername?: string | false | null;
  /** The `user` of the answer to `onAuth`. */
  user?: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- an embedder's own type
  /** The attributes of XCLIENT, by their names in capitals; false for one that the relay does not know. */
  xClient: Map<string, string | number | false>;
  /** The attributes of XFORWARD, likewise. */
  xForward: Map<string, string | number | false>;
  /** The number of the transaction within the connection, from 1 on. */
  transaction: number;
  /** The last reply that refused something. */
  error?: string;
  /** If it is set, it replaces the option `disabledCommands` for this connection. Names in any case. */
  disabledCommands?: string[] | undefined;
}

/** The content of a message, with its dots unstuffed. */
export interface SMTPServerDataStream extends PassThrough {
  /** Octets so far. */
  byteLength: number;
  /** There are more octets so far than the option `size` allows. */
  sizeExceeded: boolean;
}

/** An error in a callback. Its `message` goes to the client. */
export interface SMTPServerError extends Error {
  /** The code of the reply: 400 to 559. */
  responseCode?: number;
}

/** What a client gave with AUTH, or a relay with XCLIENT LOGIN. */
export interface SMTPServerAuthentication {
  /** `PLAIN`, `LOGIN`, `XOAUTH2`, `CRAM-MD5`, `XCLIENT`, or the name of a mechanism of yours. */
  method: string;
  username?: string;
  /** PLAIN and LOGIN: the password. Null with XCLIENT. */
  password?: string | null;
  /** PLAIN: the authentication identity (RFC 4616). */
  authcid?: string;
  /** PLAIN: the authorization identity, empty if the client gave none (RFC 4616). */
  authzid?: string;
  /** XOAUTH2: the token. */
  accessToken?: string;
  /** CRAM-MD5: the challenge that the client got. */
  challenge?: string;
  /** CRAM-MD5: the digest in the client's answer. */
  challengeResponse?: string;
  /** The credentials of a mechanism of yours. */
  credentials?: unknown;
  /** CRAM-MD5: returns whether the client knows this password. False with any other mechanism. */
  validatePassword(password: string): boolean;
}

/** The answer to `onAuth`: without a `user`, AUTH has failed. */
export interface SMTPServerAuthenticationResponse {
  /** Kept as `session.user`. */
  user?: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- an embedder's own type
  /** XOAUTH2: what the client gets, as JSON in base64, before the refusal. */
  data?: object;
  /** The text of the refusal. */
  message?: string;
  /** The code of the refusal. Default: 535. */
  responseCode?: number;
}

/** Milliseconds, by the name that smtp-server's types have for them. */
export type ms = number;

/** The mechanisms of smtp-server; `method` may also be the name of one of yours. */
export type SMTPServerAuthenticationMethod = 'PLAIN' | 'LOGIN' | 'XOAUTH2' | 'CRAM-MD5' | 'XCLIENT';

/** One result of a message: text for a yes, an error for a no. */
export type SMTPServerDataResult = string | Error;

/** One client, among the `connections` of a server. */
export interface SMTPServerConnection {
  readonly id: string;
  readonly session: SMTPServerSession;
  readonly secure: boolean;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly clientHostname: string;
  readonly openingCommand: string | false;
  readonly hostNameAppearsAs: string | false;
  /** Ends the connection at once. */
  close(): void;
}

/** The argument of the event `connect`. */
export interface SMTPServerConnectionInfo {
  id: string;
  localAddress: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
  hostNameAppearsAs: string | false;
  clientHostname: string | false;
}

/** A resolver of your own for the option `resolver`; `node:dns` is one. */
export interface SMTPServerResolver {
  reverse(address: string, callback: (error: Error | null, names?: string[]) => void): unknown;
}

/** A logger with the methods of bunyan or pino. */
export interface SMTPServerLogger {
  trace?(...line: unknown[]): void;
  debug(...line: unknown[]): void;
  info(...line: unknown[]): void;
  warn(...line: unknown[]): void;
  error(...line: unknown[]): void;
}

/** Answers a hook: an error refuses. */
export type Answer = (error?: Error | null) => void;

/** The hooks. Each is an option, and a method that a subclass may have. */
export interface SMTPServerHooks {
  onConnect?(session: SMTPServerSession, callback: Answer): void;
  onSecure?(socket: Socket | TLSSocket, session: SMTPServerSession, callback: Answer): void;
  onAuth?(
    auth: SMTPServerAuthentication,
    session: SMTPServerSession,
    callback: (error: Error | null | undefined, response?: SMTPServerAuthenticationResponse) => void,
  ): void;
  onMailFrom?(address: SMTPServerAddress, session: SMTPServerSession, callback: Answer): void;
  onRcptTo?(address: SMTPServerAddress, session: SMTPServerSession, callback: Answer): void;
  onData?(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    callback: (error?: Error | null, message?: string | SMTPServerDataResult[]) => void,
  ): void;
  onClose?(session: SMTPServerSession, callback: Answer): void;
}
