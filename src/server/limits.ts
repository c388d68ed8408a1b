import { defaultsOf, type Limit } from '../base/limit.js';

/** How many clients may connect, and how often. */
export interface AdmissionLimits {
  /** Connections at once. */
  readonly connections: number;
  /** Connections at once from one network. */
  readonly connectionsPerAddress: number;
  /** Leading bits of an IPv4 address that make a network: 1 to 32. */
  readonly ipv4Bits: number;
  /** Leading bits of an IPv6 address that make a network: 1 to 128. */
  readonly ipv6Bits: number;
  /** Failed AUTH on one connection before it is closed. */
  readonly authFailures: number;
  /** Failed AUTH of one network, remembered at once, from which on each ends its connection. */
  readonly authFailuresPerAddress: number;
  /** Milliseconds by which the second failure of a network is answered later; each further one twice as much. */
  readonly authDelay: number;
  /** Milliseconds by which an answer is held back at the most. */
  readonly longestAuthDelay: number;
  /** Milliseconds for which a failed AUTH is remembered. */
  readonly authMemory: number;
}

export const ADMISSION = {
  connections: {
    about: 'Connections at one time; further ones get 421.',
    initial: 10_000,
    unit: 'count',
    source: 'some kilobytes of memory each, and well below the descriptors that systemd grants (524288 hard)',
  },
  connectionsPerAddress: {
    about: 'Connections at one time from one client network; further ones get 421.',
    initial: 500,
    unit: 'count',
    source: "ten times Postfix's smtpd_client_connection_count_limit: apps come from few addresses",
  },
  ipv4Bits: {
    about: 'Leading bits of an IPv4 address that make a client network.',
    initial: 32,
    unit: 'bits',
    source: "each address by itself, as Postfix's smtpd_client_ipv4_prefix_length",
  },
  ipv6Bits: {
    about: 'Leading bits of an IPv6 address that make a client network.',
    initial: 64,
    unit: 'bits',
    source: 'the least that a host is given (RFC 6177 2, RFC 7421)',
  },
  authFailures: {
    about: 'Failed AUTH on one connection before it is closed with 421.',
    initial: 3,
    unit: 'count',
    source: 'Postfix and Dovecot close after three',
  },
  authFailuresPerAddress: {
    about: 'Failed AUTH of one client network, remembered at once, from which on each gets 421.',
    initial: 20,
    unit: 'count',
    source: 'room for a wrong setting in a few apps behind one address',
  },
  authDelay: {
    about:
      'By how much the second failed AUTH of a client network is answered later; each further one twice as much.',
    initial: 250,
    unit: 'ms',
    source: 'nothing to a person, a wall to a guesser',
  },
  longestAuthDelay: {
    about: 'By how much the answer to a failed AUTH is held back at the most.',
    initial: 5_000,
    unit: 'ms',
    source: 'clients wait longer',
  },
  authMemory: {
    about: 'How long a failed AUTH of a client network slows the answers to further ones down.',
    initial: 10 * 60_000,
    unit: 'ms',
    source: 'as fail2ban does (findtime)',
  },
} as const satisfies Record<keyof AdmissionLimits, Limit>;

export const DEFAULT_ADMISSION: AdmissionLimits = defaultsOf(ADMISSION);

/** How long the server waits, in milliseconds. RFC 5321 4.5.3.2 has the least values for clients. */
export interface Timeouts {
  /** For one whole command line, from the reply before it. */
  readonly command: number;
  /** For the next octets of content. */
  readonly dataBlock: number;
  /** For a whole TLS handshake, from STARTTLS or the connection; and for a whole PROXY header. */
  readonly handshake: number;
  /** For the client to read what was written. */
  readonly write: number;
  /** For the client to close after the last reply. */
  readonly linger: number;
}

export const TIMEOUTS = {
  command: {
    about: 'From a reply to the end of the next command, overall.',
    initial: 5 * 60_000,
    unit: 'ms',
    source: 'RFC 5321 4.5.3.2.7',
  },
  dataBlock: {
    about: 'Between two pieces of content.',
    initial: 3 * 60_000,
    unit: 'ms',
    source: 'RFC 5321 4.5.3.2.5',
  },
  handshake: {
    about: 'A TLS handshake, overall; and before it a PROXY header.',
    initial: 30_000,
    unit: 'ms',
    source: "many round trips on a slow link; Node's tls.Server waits two minutes",
  },
  write: {
    about: 'Until a client has read a reply.',
    initial: 5 * 60_000,
    unit: 'ms',
    source: 'as long as for a command',
  },
  linger: {
    about: 'For the client to close after the last reply.',
    initial: 5_000,
    unit: 'ms',
    source: 'a round trip and the retransmissions of a lost packet',
  },
} as const satisfies Record<keyof Timeouts, Limit>;

export const DEFAULT_TIMEOUTS: Timeouts = defaultsOf(TIMEOUTS);

/** The least speed of content. Without one, an octet a minute holds a transaction for years. */
export interface DataRate {
  /** Octets per second, on average since the content began; 0: any. */
  readonly octetsPerSecond: number;
  /** Milliseconds before the average counts. */
  readonly grace: number;
}

export const DATA_RATE = {
  octetsPerSecond: {
    about: 'Least octets a second of message content, on average; a slower client gets 421. 0 allows any.',
    initial: 30,
    unit: 'octets/s',
    source: 'slower than a modem of 1962 (300 bit/s)',
  },
  grace: {
    about: 'How long content may flow before its rate is looked at.',
    initial: 60_000,
    unit: 'ms',
    source: 'outlives a pause on a bad link',
  },
} as const satisfies Record<keyof DataRate, Limit>;

export const DEFAULT_DATA_RATE: DataRate = defaultsOf(DATA_RATE);

/** Lengths of time that are said where they are needed: to `listen`, and to `close`. */
export const DELAYS = {
  tlsDetect: {
    about:
      'How long the greeting waits for a client that starts TLS at once, until several connections of its network in a row were plain; 0 greets at once and leaves STARTTLS.',
    initial: 500,
    unit: 'ms',
    source: 'JavaMail in a cold JVM sends its ClientHello after about 250 ms; twice that',
  },
  stopGrace: {
    about: 'How long a stop waits for transactions in hand.',
    initial: 30_000,
    unit: 'ms',
    source: "Kubernetes' terminationGracePeriodSeconds",
  },
} as const satisfies Record<string, Limit>;

/** Bounds of the memory and the work that a client can cause; they cannot be configured. */
export const FIXED = {
  unsentReplies: {
    about: 'Replies that a client has not read yet, from which on no further command of it is read.',
    initial: 16 * 1024,
    unit: 'octets',
    source: 'what a socket of Node holds before it asks to wait (its highWaterMark)',
  },
  beforeClientHello: {
    about: 'What is dropped between STARTTLS and a ClientHello before the client is given up.',
    initial: 4096,
    unit: 'octets',
    source: 'pipelined commands of an honest client, many times over (RFC 3207 4.2)',
  },
  proxyLine: {
    about: 'A PROXY header of version 1, with its CRLF.',
    initial: 107,
    unit: 'octets',
    source: "HAProxy's proxy-protocol.txt 2.1: the longest possible",
  },
  proxyBlock: {
    about: 'What follows the first 16 octets of a PROXY header of version 2.',
    initial: 4096,
    unit: 'octets',
    source: "proxies add some hundreds, the names of a client's certificate among them",
  },
  rememberedNetworks: {
    about: 'Client networks whose failed AUTH is remembered; the one longest silent goes first.',
    initial: 10_000,
    unit: 'count',
    source: 'some hundred octets each',
  },
  rememberedTlsHabits: {
    about:
      'Client networks of which is remembered whether they begin with TLS; the one longest silent goes first.',
    initial: 10_000,
    unit: 'count',
    source: 'some hundred octets each',
  },
  tlsHabitMemory: {
    about: 'How long it is remembered whether a client network begins with TLS.',
    initial: 10 * 60_000,
    unit: 'ms',
    source: 'an app that connects for each message does so more often',
  },
  plainInARow: {
    about: 'Plain connections of a client network in a row from which on its next ones are greeted at once.',
    initial: 5,
    unit: 'count',
    source: 'a few may be health checks, or a person who tries plain, STARTTLS and implicit TLS in turn',
  },
  reverseLookup: {
    about: 'How long the greeting waits for the name of a client, if an embedder asks for it.',
    initial: 2_000,
    unit: 'ms',
    source: 'a client waits five minutes for a greeting (RFC 5321 4.5.3.2.1), its user does not',
  },
  sweep: {
    about: 'How late a deadline may be noticed, at the most.',
    initial: 1_000,
    unit: 'ms',
    source: 'one timer for all connections; deadlines are of minutes',
  },
} as const satisfies Record<string, Limit>;
