import type { Buffer } from 'node:buffer';
import type { ClientTimeouts } from './limits.js';
import type { Redactor } from './redactor.js';
import type { Transcript } from './transcript.js';

/** Where a connection goes to, and how it is made. */
export interface ChannelTerms {
  /** The server's name or address: for the look-up, for TLS, and for messages. */
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket. If it is given, host and port are not used to connect. */
  readonly path?: string | undefined;
  /** The addresses of the host, if they were looked up already; at least one. Default: the channel looks them up. */
  readonly addresses?: readonly string[] | undefined;
  /** TLS from the first octet. Default: false. */
  readonly implicitTls?: boolean;
  readonly tls?: TlsTerms;
  /** Milliseconds for the connection, for each reply, and for a handshake. Default: those of RFC 5321 4.5.3.2. */
  readonly timeout?: number;
  /** Milliseconds by phase; not used if {@link timeout} is given. */
  readonly timeouts?: ClientTimeouts | undefined;
  /** Receives the dialogue. Default: nothing does. */
  readonly transcript?: Transcript | undefined;
}

export interface ChannelOptions extends ChannelTerms {
  /** Removes the secrets that the client sends from replies. Default: the client sends no secrets. */
  readonly redactor?: Redactor | null;
}

/** The requirements on TLS. */
export interface TlsTerms {
  /** Whether the server's certificate must be valid for the host. Default: true. */
  readonly verify?: boolean;
  /** PEM certificates of the authorities to trust. Default: Node's own list. */
  readonly ca?: string | Buffer | undefined;
  /** Keeps the session of one handshake for the next one. Default: no session is resumed. */
  readonly sessions?: TlsSessions;
}

/** The last TLS session of a server, to be resumed. */
export interface TlsSessions {
  last: Buffer | null;
}
