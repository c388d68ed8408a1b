import { waivesTls } from '../../message/tls-required.js';
import type { Shipment } from '../transport.js';

/** Octets in which the end of a header section is looked for. */
const HEADER_OCTETS = 1024 * 1024;
const BLANK_LINE = Buffer.from('\r\n\r\n');

/**
 * True where the sender waives what recipients' domains ask of TLS, and does not ask for the contrary by REQUIRETLS,
 * which weighs more (RFC 8689 3).
 */
export async function isWaived(shipment: Pick<Shipment, 'terms' | 'content'>): Promise<boolean> {
  return !shipment.terms.requireTls && waivesTls(await headerOf(shipment.content()));
}

async function headerOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  let held = Buffer.alloc(0);
  for await (const octets of content) {
    held = Buffer.concat([held, octets]);
    const end = held.indexOf(BLANK_LINE);
    if (end >= 0) return held.subarray(0, end + 2);
    if (held.length > HEADER_OCTETS) break;
  }
  return held;
}
