/** What a message needs of the servers that carry it, whatever its sender declared. */
import type { ContentNeeds } from '../store/message.js';
import { BLANK_LINE, readHead } from './transports/read-content.js';
import { isLines } from './transports/smtp/content.js';
import type { Shipment } from './transports/transport.js';

/** Octets in which the end of a header section is looked for. */
const HEADER_OCTETS = 1024 * 1024;

/**
 * Returns what the content of a shipment needs: as it was computed when the message was accepted, and for a message
 * from before that from what its sender declared, as far as its octets bear that out.
 */
export async function needsOf(
  shipment: Pick<Shipment, 'needs' | 'terms' | 'content' | 'whole'>,
): Promise<ContentNeeds> {
  const { needs, terms } = shipment;
  if (needs !== null) return needs;
  return {
    // Not looked at: 8BITMIME is true of a message of 7 bits, too.
    eightBit: true,
    utf8Header: terms.smtputf8 && (await hasUtf8Header(shipment)),
    binary: terms.body === 'BINARYMIME' && !(await isLines(shipment.content())),
    longLines: false,
  };
}

/** RFC 6531 3.4. Envelope addresses count by themselves. */
async function hasUtf8Header({ whole, content }: Pick<Shipment, 'content' | 'whole'>): Promise<boolean> {
  const head = Buffer.from(whole ?? (await readHead(content(), HEADER_OCTETS)));
  const end = head.indexOf(BLANK_LINE);
  return (end < 0 ? head : head.subarray(0, end)).some((octet) => octet > 0x7f);
}
