/** Computes the properties of a message that the servers on its way must support, whatever its sender declared. */
import type { ContentNeeds } from '../store/message.js';
import { BLANK_LINE, readHead } from './transports/read-content.js';
import { isLines } from './transports/smtp/content.js';
import type { Shipment } from './transports/transport.js';

/** Octets in which the end of a header section is searched for. */
const HEADER_OCTETS = 1024 * 1024;

/**
 * Returns the needs of a shipment's content, as they were computed when the message was accepted. For a message that an
 * older version accepted, returns what its sender declared, if the octets confirm it.
 */
export async function needsOf(
  shipment: Pick<Shipment, 'needs' | 'terms' | 'content' | 'whole'>,
): Promise<ContentNeeds> {
  const { needs, terms } = shipment;
  if (needs !== null) return needs;
  return {
    // The body is not checked: 8BITMIME may also be declared for a message of 7 bits.
    eightBit: true,
    utf8Header: terms.smtputf8 && (await hasUtf8Header(shipment)),
    binary: terms.body === 'BINARYMIME' && !(await isLines(shipment.content())),
    longLines: false,
  };
}

/** RFC 6531 3.4. Envelope addresses are checked elsewhere. */
async function hasUtf8Header({ whole, content }: Pick<Shipment, 'content' | 'whole'>): Promise<boolean> {
  const head = Buffer.from(whole ?? (await readHead(content(), HEADER_OCTETS)));
  const end = head.indexOf(BLANK_LINE);
  return (end < 0 ? head : head.subarray(0, end)).some((octet) => octet > 0x7f);
}
