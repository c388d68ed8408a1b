import type { Extensions } from '../../../client/index.js';
import { normalizeDomain } from '../../../message/domain.js';
import type { DeliveryTerms } from '../../../store/port.js';
import type { LeasedRecipient } from '../../../store/queue.js';
import type { Shipment } from '../transport.js';
import { encodeOriginalRecipient, encodeXtext } from './xtext.js';

/** The commands of a transaction, for those recipients that can be sent to here. */
export interface Envelope {
  readonly mail: string;
  readonly recipients: readonly { readonly recipient: LeasedRecipient; readonly command: string }[];
  readonly refused: readonly { readonly recipient: LeasedRecipient; readonly refusal: Refusal }[];
}

/** Why a recipient bounces before the far side was asked. */
export interface Refusal {
  /** RFC 3463. */
  readonly enhancedCode: string;
  readonly reason: string;
}

/** A connection, as far as it decides on what may go over it. */
export interface Route {
  readonly extensions: Extensions;
  /** TLS with a certificate that was verified. */
  readonly verified: boolean;
}

/**
 * Makes the commands. What the far side must offer for this message and does not, refuses it.
 *
 * @param binary the content is not made of lines, and goes by BDAT
 */
export function envelopeFor(
  unmapped: Shipment,
  route: Route,
  now: number,
  binary: boolean = false,
): Envelope {
  const { extensions } = route;
  const shipment = extensions.has('SMTPUTF8') ? unmapped : withALabels(unmapped);
  const { reversePath, recipients, terms } = shipment;
  const all = refusalOfAll(shipment, route, now, binary);
  const unwatched = terms.deliverBy?.otherwise === 'notify' && !extensions.has('DELIVERBY');
  const refusals = recipients.map((recipient) => ({
    recipient,
    refusal: all ?? refusalOf(recipient, extensions),
  }));
  const sent = refusals.filter(({ refusal }) => refusal === null).map(({ recipient }) => recipient);
  const utf8 =
    needsUtf8(shipment) || [reversePath, ...sent.map(({ forwardPath }) => forwardPath)].some(beyondAscii);
  return {
    mail: `MAIL FROM:<${reversePath}>${mailParameters(shipment, extensions, utf8, now, binary)}`,
    recipients: sent.map((recipient) => ({
      recipient,
      command: `RCPT TO:<${recipient.forwardPath}>${extensions.has('DSN') ? notification(recipient, unwatched) : ''}`,
    })),
    refused: refusals.flatMap(({ recipient, refusal }) => (refusal === null ? [] : [{ recipient, refusal }])),
  };
}

/**
 * RFC 6531 3.4: whether the header section needs SMTPUTF8. What the client declared counts only for a message of which
 * nothing else is known: Go's net/smtp says SMTPUTF8 whenever it is offered.
 */
function needsUtf8({ needs, terms }: Pick<Shipment, 'needs' | 'terms'>): boolean {
  return needs?.utf8Header ?? terms.smtputf8;
}

function refusalOfAll(
  shipment: Shipment,
  { extensions, verified }: Route,
  now: number,
  binary: boolean,
): Refusal | null {
  const { reversePath, terms, size } = shipment;
  // RFC 3030 3
  if (binary && !(extensions.has('CHUNKING') && extensions.has('BINARYMIME'))) return NO_BINARY;
  if (needsUtf8(shipment) || beyondAscii(reversePath)) {
    if (!extensions.has('SMTPUTF8')) return NO_UTF8;
  }
  if (isBroken(reversePath)) return { enhancedCode: '5.1.7', reason: 'the sender address cannot be sent' };
  // RFC 8689 4.2.1: not without what it asks for, whatever else could be done.
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

/** RFC 2852 4.1.4: what is to come back in time goes only to who sees to that, and takes so little time. */
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
 * Puts domains that are not ASCII as their A-labels, which say the same to a server without SMTPUTF8
 * (RFC 6531 3.2, RFC 5890 2.3.2.1). A local part has no such form.
 */
function withALabels(shipment: Shipment): Shipment {
  const paths = [shipment.reversePath, ...shipment.recipients.map(({ forwardPath }) => forwardPath)];
  if (!paths.some(beyondAscii)) return shipment;
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
  if (at < 0 || beyondAscii(path.slice(0, at))) return path;
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
  return beyondAscii(forwardPath) && !extensions.has('SMTPUTF8') ? NO_UTF8 : null;
}

function mailParameters(
  { terms, size, needs }: Shipment,
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
      : // 8BITMIME is true of a message of 7 bits, too: it is said if it is not known.
        offered('8BITMIME', needs?.eightBit === false && !utf8 ? 'BODY=7BIT' : 'BODY=8BITMIME'),
    offered('SMTPUTF8', utf8 ? 'SMTPUTF8' : null),
    offered('DSN', ret === null ? null : `RET=${ret}`),
    offered('DSN', envelopeId === null ? null : `ENVID=${encodeXtext(envelopeId)}`),
    offered('REQUIRETLS', requireTls ? 'REQUIRETLS' : null),
    offered('MT-PRIORITY', priority === 0 ? null : `MT-PRIORITY=${priority}`),
    offered('DELIVERBY', deliverBy === null ? null : by(deliverBy, now)),
  ].join('');
}

// RFC 2852 4
//   by-value = by-time ";" by-mode [by-trace]
function by({ time, otherwise, trace }: NonNullable<DeliveryTerms['deliverBy']>, now: number): string | null {
  const seconds = Math.ceil((time - now) / 1000);
  // By-time of a message that is to be returned must be greater than zero; the runner has its say on it then.
  if (otherwise === 'return' && seconds <= 0) return null;
  return `BY=${seconds};${otherwise === 'return' ? 'R' : 'N'}${trace ? 'T' : ''}`;
}

/**
 * RFC 3461 5.2.1: what came with the recipient goes on with him.
 *
 * @param unwatched the sender wants to hear of a delay that the server does not know of: RFC 2852 4.1.4.2 has
 * it asked for
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

function beyondAscii(text: string): boolean {
  return /[^\0-\x7f]/.test(text);
}

/** A control character would end the command, and begin another one. */
function isBroken(path: string): boolean {
  return /\p{Cc}/u.test(path);
}
