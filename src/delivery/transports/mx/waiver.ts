import { waivesTls } from '../../../message/tls-required.js';
import { BLANK_LINE, readHead } from '../read-content.js';
import type { Shipment } from '../transport.js';

/** Number of octets within which the end of the header section is looked for. */
const HEADER_OCTETS = 1024 * 1024;

/**
 * Returns whether the sender waives what recipients' domains require of TLS. REQUIRETLS, which asks for the contrary,
 * takes precedence (RFC 8689 3).
 */
export async function isWaived(shipment: Pick<Shipment, 'terms' | 'content'>): Promise<boolean> {
  return !shipment.terms.requireTls && waivesTls(await headerOf(shipment.content()));
}

async function headerOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const head = await readHead(content, HEADER_OCTETS);
  const end = head.indexOf(BLANK_LINE);
  return end < 0 ? head : head.subarray(0, end + 2);
}
