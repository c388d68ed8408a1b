import { table } from './key.js';
import { choice, count, duration, size } from './kinds.js';

/** The longest that a timer of Node can wait is 2^31 - 1 ms, a little more than this. */
const LONGEST_TIMER = '24d';

/** `[smtp]`: limits and timeouts of the server. */
export const smtpKeys = table({
  maxSize: size({
    about: 'Largest message, announced by SIZE.',
    source: 'RFC 5321 4.5.3.1.7 asks for 64 KiB at least; 50 MiB is what mail APIs take',
    initial: '50MiB',
    min: '1',
    max: '64GiB',
  }),
  maxRecipients: count({
    about: 'Recipients of one message.',
    source: 'RFC 5321 4.5.3.1.8: the least that a server must take',
    initial: 100,
    min: 1,
    max: 100_000,
  }),
  maxHeaderSize: size({
    about: 'Largest header section of a message.',
    source: 'Postfix keeps 100 KiB of one (header_size_limit)',
    initial: '256KiB',
    min: '1KiB',
    max: '16MiB',
  }),
  maxConnections: count({
    about: 'Connections at one time; further ones get 421.',
    source: 'some kilobytes of memory each',
    initial: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  maxConnectionsPerAddress: count({
    about: 'Connections at one time from one client address (IPv4) or /64 network (IPv6).',
    source: "ten times Postfix's smtpd_client_connection_count_limit: apps come from few addresses",
    initial: 500,
    min: 1,
    max: 1_000_000,
  }),
  tlsDetect: duration({
    about:
      'How long the greeting waits for a client that starts TLS at once; 0 greets at once and leaves STARTTLS.',
    source: 'about one round trip',
    initial: '20ms',
    min: '0',
    max: '10s',
  }),
  minDataRate: size({
    about: 'Least octets a second of message content, on average; a slower client gets 421. 0 allows any.',
    source: 'slower than a modem of 1962',
    initial: '30',
    min: '0',
    max: '1GiB',
  }),
  minDataRateGrace: duration({
    about: 'How long content may flow before its rate is looked at.',
    source: 'outlives a pause on a bad link',
    initial: '60s',
    min: '0',
    max: LONGEST_TIMER,
  }),
  stopGrace: duration({
    about: 'How long a stop waits for transactions in hand.',
    source: "Kubernetes' terminationGracePeriodSeconds",
    initial: '30s',
    min: '0',
    max: LONGEST_TIMER,
  }),
  maxErrors: count({
    about: 'Refused commands on one connection before it is closed with 421.',
    source: "Postfix's smtpd_hard_error_limit",
    initial: 20,
    min: 1,
    max: 1_000_000,
  }),
  bareNewlines: choice({
    about: 'What a CR or LF alone in content gets: refused with 550, or made a CRLF.',
    source: 'RFC 5321 2.3.8 forbids them; taking them as they are lets mail be smuggled',
    words: ['reject', 'normalize'],
    initial: 'reject',
  }),
  timeouts: table({
    command: duration({
      about: 'From a reply to the end of the next command, overall.',
      source: 'RFC 5321 4.5.3.2.7',
      initial: '5m',
      min: '1s',
      max: LONGEST_TIMER,
    }),
    dataBlock: duration({
      about: 'Between two pieces of content.',
      source: 'RFC 5321 4.5.3.2.5',
      initial: '3m',
      min: '1s',
      max: LONGEST_TIMER,
    }),
    handshake: duration({
      about: 'A TLS handshake, overall.',
      source: 'many round trips on a slow link',
      initial: '30s',
      min: '1s',
      max: LONGEST_TIMER,
    }),
    write: duration({
      about: 'Until a client has read a reply.',
      source: 'as long as for a command',
      initial: '5m',
      min: '1s',
      max: LONGEST_TIMER,
    }),
  }),
  auth: table({
    maxFailures: count({
      about: 'Failed AUTH on one connection before it is closed with 421.',
      source: 'Postfix and Dovecot close after three',
      initial: 3,
      min: 1,
      max: 1_000_000,
    }),
    failureMemory: duration({
      about: 'How long a failed AUTH of an address slows the answers to further ones down.',
      source: 'as fail2ban does (findtime)',
      initial: '10m',
      min: '1s',
      max: LONGEST_TIMER,
    }),
  }),
});
