import type { ServerOpts } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { SaslMechanism, AnyCredentials } from '../protocol/index.js';
import type { ServerOptions } from '../server/index.js';
import type { SMTPServerHooks, SMTPServerLogger, SMTPServerResolver } from './types.js';

/** Options of the server below, for what the other options have no word for. */
export interface EngineOptions extends Pick<
  ServerOptions,
  | 'admission'
  | 'bareNewlines'
  | 'dataRate'
  | 'limits'
  | 'meter'
  | 'observers'
  | 'spaceBeforePath'
  | 'syntax'
  | 'timeouts'
> {
  /** Mechanisms beside those of `authMethods`; `onAuth` gets their credentials. */
  readonly mechanisms?: readonly SaslMechanism<AnyCredentials>[];
}

/** Options of {@link SMTPServer}, those of TLS among them. */
export interface SMTPServerOptions extends TlsOptions, ServerOpts, SMTPServerHooks {
  /** TLS from the first octet. Default: false, TLS by STARTTLS. */
  secure?: boolean;
  /** A proxy in front has ended TLS: sessions count as secure, and STARTTLS is not offered. Default: false. */
  secured?: boolean;
  /** With `secure`: TLS begins here, whatever accepts the sockets. So it is always: `onSecure` comes before `onConnect`. */
  needsUpgrade?: boolean;
  /** The server's own name. Default: the host's name. */
  name?: string;
  /** What the greeting says after the name and the protocol. */
  banner?: string;
  /** What the answer to a hello says: the first `%s` is the server's name, the second the client's. */
  heloResponse?: string;
  /** Octets of a message that EHLO announces, and above which `stream.sizeExceeded` is true. Default: no limit. */
  size?: number;
  /** Do not announce `size`. Default: false. */
  hideSize?: boolean;
  /** Answer a message of more than `size` octets with 552, whatever `onData` answers. Default: false. */
  rejectOversized?: boolean;
  /** Mechanisms of AUTH: PLAIN, LOGIN, XOAUTH2, CRAM-MD5. Default: LOGIN and PLAIN. */
  authMethods?: string[];
  /** Offer AUTH without the need of it. Default: false. */
  authOptional?: boolean;
  /** The text of the 530 that a command gets without AUTH. */
  authRequiredMessage?: string;
  /** Commands that there are not, such as `['AUTH', 'STARTTLS']`. Default: none. */
  disabledCommands?: string[];
  /** Take STARTTLS, but do not announce it. Default: false. */
  hideSTARTTLS?: boolean;
  hidePIPELINING?: boolean;
  hide8BITMIME?: boolean;
  hideSMTPUTF8?: boolean;
  /** False: replies have enhanced codes (RFC 2034). Default: true. */
  hideENHANCEDSTATUSCODES?: boolean;
  /** False: DSN is on offer (RFC 3461). Default: true. */
  hideDSN?: boolean;
  /** False: REQUIRETLS is on offer (RFC 8689). Default: true. */
  hideREQUIRETLS?: boolean;
  /** Take AUTH without TLS. Default: false; true if STARTTLS is disabled. */
  allowInsecureAuth?: boolean;
  /** Do not look up the name of the client's address. Default: false. */
  disableReverseLookup?: boolean;
  /** Who looks it up. Default: Node. */
  resolver?: SMTPServerResolver;
  /** TLS options for host names that clients ask for (SNI). `SNICallback` takes precedence. */
  sniOptions?: Record<string, TlsOptions> | Map<string, TlsOptions>;
  /** A logger, or true for standard output. Default: false. */
  logger?: SMTPServerLogger | boolean;
  /** The name of the component in log entries. Default: `smtp-server`. */
  component?: string;
  /** Connections at once; further ones get 421. Default: 10,000. */
  maxClients?: number;
  /** Expect a PROXY header: from all clients, or from these addresses. Default: false. */
  useProxy?: boolean | string[];
  /** Addresses whose connections are not logged. */
  ignoredHosts?: string[];
  /** Take XCLIENT: from all clients, or from these addresses. Default: false. */
  useXClient?: boolean | string[];
  /** Take XFORWARD, likewise. Default: false. */
  useXForward?: boolean | string[];
  /** LMTP in place of SMTP. Default: false. */
  lmtp?: boolean;
  /** Milliseconds without a word from the client after which it is disconnected. Default: a minute. */
  socketTimeout?: number;
  /** Milliseconds for transactions in hand when the server closes. Default: 30 seconds. */
  closeTimeout?: number;
  /** Commands before AUTH, if it is needed, after which the client is disconnected; false: any. Default: 10. */
  maxAllowedUnauthenticatedCommands?: number | false;
  /** Octets of a command line. Default: 16 KiB. */
  maxCommandLength?: number;
  /** Recipients of a message. Default: 1,000. */
  maxRecipients?: number;
  /** Take any text between angle brackets for an address. Default: false. */
  lenientAddressParsing?: boolean;
  /** Options of Postern's own server. */
  postern?: EngineOptions;
}
