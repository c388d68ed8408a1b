import { isAscii } from '../../../base/ascii.js';
import type { Extensions } from '../../../client/index.js';
import { normalizeDomain } from '../../../message/domain.js';
import type { DeliveryTerms } from '../../../store/port.js';
import type { LeasedRecipient } from '../../../store/queue.js';
import type { Shipment } from '../transport.js';
import { encodeOriginalRecipient, encodeXtext } from './xtext.js';

/** The commands of a transaction, for the recipients that this server can take. */
export interface Envelope {
  readonly mail: string;
  readonly recipients: readonly { readonly recipient: LeasedRecipient; readonly command: string }[];
  readonly refused: readonly { readonly recipient: LeasedRecipient; readonly refusal: Refusal }[];
}

/** What of a shipment is in its envelope, or decides which extensions it needs. */
type EnvelopeOf = Pick<Shipment, 'reversePath' | 'recipients' | 'terms' | 'needs' | 'size'>;

/** The reason why a recipient bounces before the remote server was asked. */
export interface Refusal {
  /** RFC 3463. */
  readonly enhancedCode: string;
  readonly reason: string;
}

/** The properties of a connection that decide which messages may go over it. */
export interface Route {
  readonly extensions: Extensions;
  /** Whether it has TLS with a verified certificate. */
  readonly verified: boolean;
}

/**
 * Makes the commands. If the remote server lacks an extension that the message needs, refuses the recipients.
 *
 * @param binary whether the content has no proper lines and goes by BDAT
 */
export function envelopeFor(
  unmapped: EnvelopeOf,
  route: Route,
  now: number,
  binary: boolean = false,
): Envelope {
  const { extensions } = route;
  const shipment = extensions.has('SMTPUTF8') ? unmapped : withALabels(unmapped);
  const { reversePath, recipients, terms } = shipment;
  const all = refusalOfAll(shipment, route, now, binary);
  const lacksDeliverBy = terms.deliverBy?.otherwise === 'notify' && !extensions.has('DELIVERBY');
  // Lists are filled one by one: what `map` gives has another shape in code that V8 has optimized than before, and each
  // function that gets it is then compiled anew (see "Delivery" in docs/performance.md).
  const sent: LeasedRecipient[] = [];
  const refused: { recipient: LeasedRecipient; refusal: Refusal }[] = [];
  for (const recipient of recipients) {
    const refusal = all ?? refusalOf(recipient, extensions);
    if (refusal === null) sent.push(recipient);
    else refused.push({ recipient, refusal });
  }
  const utf8 =
    needsUtf8(shipment) || !isAscii(reversePath) || sent.some(({ forwardPath }) => !isAscii(forwardPath));
  const commands: { recipient: LeasedRecipient; command: string }[] = [];
  for (const recipient of sent) {
    const parameters = extensions.has('DSN') ? notification(recipient, lacksDeliverBy) : '';
    commands.push({ recipient, command: `RCPT TO:<${recipient.forwardPath}>${parameters}` });
  }
  return {
    mail: `MAIL FROM:<${reversePath}>${mailParameters(shipment, extensions, utf8, now, binary)}`,
    recipients: commands,
    refused,
  };
}

/**
 * Returns whether the header section needs SMTPUTF8 (RFC 6531 3.4). If the header section was examined, what the
 * client declared does not count: Go's net/smtp says SMTPUTF8 whenever it is offered.
 */
function needsUtf8({ needs, terms }: Pick<Shipment, 'needs' | 'terms'>): boolean {
  return needs?.utf8Header ?? terms.smtputf8;
}

function refusalOfAll(
  shipment: EnvelopeOf,
  { extensions, verified }: Route,
  now: number,
  binary: boolean,
): Refusal | null {
  const { reversePath, terms, size } = shipment;
  // RFC 3030 3
  if (binary && !(extensions.has('CHUNKING') && extensions.has('BINARYMIME'))) return NO_BINARY;
  if (needsUtf8(shipment) || !isAscii(reversePath)) {
    if (!extensions.has('SMTPUTF8')) return NO_UTF8;
  }
  if (isBroken(reversePath)) return { enhancedCode: '5.1.7', reason: 'the sender address cannot be sent' };
  // RFC 8689 4.2.1: the message must not go without what REQUIRETLS requires.
  if (terms.requireTls && !(verified && extensions.has('REQUIRETLS'))) {
    const what = verified ? 'the server does not offer REQUIRETLS' : 'there is no verified TLS to the server';
    return { enhancedCode: '5.7.30', reason: `REQUIRETLS was asked for, and ${what}` };
  }
  if (terms.deliverBy?.otherwise === 'return') {
    const late = lateness(terms.deliverBy.time - now, extensions.get('DELIVERBY'));
    if (late !== null) return { enhancedCode: '5.4.7', reason: late };
  }
  const largest = Number(extensions.get('SIZE') ?? '');
  if (largest > 0 && size > largest) {
    // RFC 1870 6.1
    return { enhancedCode: '5.3.4', reason: `the message has ${size} octets; the server takes ${largest}` };
  }
  return null;
}

/**
 * Returns why the deadline cannot be met, or null. RFC 2852 4.1.4: a message that must come back in time may go only
 * to a server that supports DELIVERBY, and that accepts so short a time.
 */
function lateness(left: number, offer: string | undefined): string | null {
  if (offer === undefined) return 'the sender set a time, and the server does not offer DELIVERBY';
  const least = /^\d{1,9}$/.test(offer) ? Number(offer) : 0;
  if (left >= least * 1000) return null;
  return `the sender wants it back in ${Math.ceil(left / 1000)} s unless delivered; the server asks for ${least} s`;
}

const NO_BINARY: Refusal = {
  enhancedCode: '5.6.1',
  reason:
    'the message is BINARYMIME and has no proper lines, and the server does not offer CHUNKING and BINARYMIME',
};

/**
 * Writes domains that are not ASCII as A-labels, which mean the same to a server without SMTPUTF8 (RFC 6531 3.2, RFC
 * 5890 2.3.2.1). A local part has no such form.
 */
function withALabels(shipment: EnvelopeOf): EnvelopeOf {
  const { reversePath, recipients } = shipment;
  if (isAscii(reversePath) && recipients.every(({ forwardPath }) => isAscii(forwardPath))) return shipment;
  return {
    ...shipment,
    reversePath: withALabel(shipment.reversePath),
    recipients: shipment.recipients.map((recipient) => ({
      ...recipient,
      forwardPath: withALabel(recipient.forwardPath),
    })),
  };
}

function withALabel(path: string): string {
  const at = path.lastIndexOf('@');
  if (at < 0 || !isAscii(path.slice(0, at))) return path;
  const domain = normalizeDomain(path.slice(at + 1));
  return domain === null ? path : `${path.slice(0, at)}@${domain}`;
}

const NO_UTF8: Refusal = {
  enhancedCode: '5.6.7',
  reason: 'the message needs SMTPUTF8, which the server does not offer',
};

function refusalOf({ forwardPath }: LeasedRecipient, extensions: Extensions): Refusal | null {
  if (isBroken(forwardPath)) return { enhancedCode: '5.1.3', reason: 'the address cannot be sent' };
  // RFC 6531 3.2
  return !isAscii(forwardPath) && !extensions.has('SMTPUTF8') ? NO_UTF8 : null;
}

function mailParameters(
  { terms, size, needs }: EnvelopeOf,
  extensions: Extensions,
  utf8: boolean,
  now: number,
  binary: boolean,
): string {
  const { ret, envelopeId, deliverBy, priority, requireTls } = terms;
  const offered = (keyword: string, parameter: string | null): string =>
    parameter !== null && extensions.has(keyword) ? ` ${parameter}` : '';
  return [
    offered('SIZE', `SIZE=${size}`),
    binary
      ? offered('BINARYMIME', 'BODY=BINARYMIME')
      : // If it is not known whether the message has 8-bit octets, 8BITMIME is sent: it is also true of a 7-bit message.
        offered('8BITMIME', needs?.eightBit === false && !utf8 ? 'BODY=7BIT' : 'BODY=8BITMIME'),
    offered('SMTPUTF8', utf8 ? 'SMTPUTF8' : null),
    offered('DSN', ret === null ? null : `RET=${ret}`),
    offered('DSN', envelopeId === null ? null : `ENVID=${encodeXtext(envelopeId)}`),
    offered('REQUIRETLS', requireTls ? 'REQUIRETLS' : null),
    offered('MT-PRIORITY', priority === 0 ? null : `MT-PRIORITY=${priority}`),
    offered('DELIVERBY', deliverBy === null ? null : byParameter(deliverBy, now)),
  ].join('');
}

// RFC 2852 4
//     by-value = by-time ";" by-mode [by-trace]
function byParameter(
  { time, otherwise, trace }: NonNullable<DeliveryTerms['deliverBy']>,
  now: number,
): string | null {
  const seconds = Math.ceil((time - now) / 1000);
  // If a message is to be returned, its by-time must be greater than zero. A message past its time is the runner's
  // case.
  if (otherwise === 'return' && seconds <= 0) return null;
  return `BY=${seconds};${otherwise === 'return' ? 'R' : 'N'}${trace ? 'T' : ''}`;
}

/**
 * Returns the DSN parameters of RCPT. RFC 3461 5.2.1: the parameters that came with the recipient are passed on.
 *
 * @param lacksDeliverBy whether the sender wants to know of a delay, but the server does not support DELIVERBY: then RFC
 * 2852 4.1.4.2 requires NOTIFY=DELAY
 */
function notification({ notify, originalRecipient }: LeasedRecipient, unwatched: boolean): string {
  const events = unwatched ? withDelay(notify) : notify;
  const wanted = events === null ? '' : ` NOTIFY=${events.length === 0 ? 'NEVER' : events.join(',')}`;
  return originalRecipient === null
    ? wanted
    : `${wanted} ORCPT=${encodeOriginalRecipient(originalRecipient)}`;
}

function withDelay(notify: LeasedRecipient['notify']): LeasedRecipient['notify'] {
  if (notify === null) return ['FAILURE', 'DELAY'];
  return notify.length === 0 || notify.includes('DELAY') ? notify : [...notify, 'DELAY'];
}

/** Returns whether a path has a control character, which could end the command and begin another one. */
function isBroken(path: string): boolean {
  return /\p{Cc}/u.test(path);
}
