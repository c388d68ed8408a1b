import { z } from 'zod';
import { LIMITS } from '../protocol/limits.js';
import { ADMISSION, DATA_RATE, TIMEOUTS, DELAYS } from '../server/limits.js';
import { SUBMISSION } from '../submission/limits.js';
import { key, table } from './key.js';
import { choice, networks, optionalText } from './kinds.js';
import { limitKey } from './limit-key.js';

/** Extensions of RFC 2852, 4865, 6710 and 8689. */
const EXTENSIONS = ['DELIVERBY', 'FUTURERELEASE', 'MT-PRIORITY', 'REQUIRETLS'] as const;

/** `[smtp]`: limits and timeouts of the server. */
export const smtpKeys = table({
  maxSize: limitKey(LIMITS.messageSize, { min: 1, max: '64GiB' }),
  maxRecipients: limitKey(LIMITS.recipients, { min: 1, max: 100_000 }),
  maxMessagesPerConnection: limitKey(LIMITS.messages, { min: 0, max: 999_999 }),
  maxHeaderSize: limitKey(SUBMISSION.headerSize, { min: '1KiB', max: '16MiB' }),
  maxConnections: limitKey(ADMISSION.connections, { min: 1, max: 1_000_000 }),
  maxConnectionsPerAddress: limitKey(ADMISSION.connectionsPerAddress, { min: 1, max: 1_000_000 }),
  ipv4NetworkBits: limitKey(ADMISSION.ipv4Bits, { min: 1, max: 32 }),
  ipv6NetworkBits: limitKey(ADMISSION.ipv6Bits, { min: 1, max: 128 }),
  tlsDetect: limitKey(DELAYS.tlsDetect, { min: 0, max: '10s' }),
  minDataRate: limitKey(DATA_RATE.octetsPerSecond, { min: 0, max: '1GiB' }),
  minDataRateGrace: limitKey(DATA_RATE.grace, { min: 0 }),
  stopGrace: limitKey(DELAYS.stopGrace, { min: 0 }),
  maxErrors: limitKey(LIMITS.errors, { min: 1, max: 1_000_000 }),
  trustedProxies: networks({
    about:
      'Proxies: each connection from them begins with a PROXY header, which names the client. See ?proxy= of listen.',
    source: 'a header is believed, so its senders must be named',
  }),
  trustedRelays: networks({
    about: 'Relays that may name the client by XCLIENT and XFORWARD; no other client may.',
    source: "as Postfix's smtpd_authorized_xclient_hosts: none",
  }),
  bareNewlines: choice({
    about:
      'How a bare CR or LF in content is answered: the content is refused with 550, or the octet becomes a CRLF.',
    source: 'RFC 5321 2.3.8 forbids them; taking them as they are lets mail be smuggled',
    words: ['reject', 'normalize'],
    initial: 'reject',
  }),
  spaceBeforePath: choice({
    about:
      'How a space after the colon of MAIL FROM: or RCPT TO: is answered: it is ignored, or refused with 501.',
    source: 'RFC 5321 3.3 forbids it, and too many clients write one',
    words: ['accept', 'reject'],
    initial: 'accept',
  }),
  syntax: choice({
    about:
      'Whether common mistakes of clients are accepted: odd hello names, addresses without angle brackets, AUTH after HELO.',
    source: 'printers and scanners make them, each can mean one thing only, and Postfix accepts them',
    words: ['tolerant', 'strict'],
    initial: 'tolerant',
  }),
  extensions: key(z.array(z.enum(EXTENSIONS)).prefault([]), {
    about:
      'Extensions to offer besides those that are always offered. Only deliver URLs of SMTP can keep what REQUIRETLS promises: by others such messages do not leave.',
    source: 'each is a promise for delivery to keep',
    initial: [],
    placeholder: 'NAME,...',
    allowed: `a list of ${EXTENSIONS.join(', ')}`,
    form: 'list',
  }),
  maxHold: limitKey(SUBMISSION.hold, { min: '1s', max: '3650d' }),
  minDeliverBy: limitKey(SUBMISSION.deliverBy, { min: 0, max: '30d' }),
  priorityPolicy: optionalText(
    {
      about: 'Name of the policy by which MT-PRIORITY is assigned, announced with it.',
      source: 'RFC 6710 9.2: a registered name, such as MIXER; if it is left out, no policy is announced',
      placeholder: 'NAME',
      allowed: 'letters, digits and hyphens',
    },
    /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/,
  ),
  timeouts: table({
    command: limitKey(TIMEOUTS.command, { min: '1s' }),
    dataBlock: limitKey(TIMEOUTS.dataBlock, { min: '1s' }),
    handshake: limitKey(TIMEOUTS.handshake, { min: '1s' }),
    write: limitKey(TIMEOUTS.write, { min: '1s' }),
    linger: limitKey(TIMEOUTS.linger, { min: '100ms' }),
  }),
  auth: table({
    maxFailures: limitKey(ADMISSION.authFailures, { min: 1, max: 1_000_000 }),
    maxFailuresPerAddress: limitKey(ADMISSION.authFailuresPerAddress, { min: 1, max: 1_000_000 }),
    delay: limitKey(ADMISSION.authDelay, { min: 0, max: '1m' }),
    maxDelay: limitKey(ADMISSION.longestAuthDelay, { min: 0, max: '1m' }),
    failureMemory: limitKey(ADMISSION.authMemory, { min: '1s' }),
  }),
});
