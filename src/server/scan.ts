import { Buffer } from 'node:buffer';
import { PortableScan } from '../protocol/index.js';

const CRLF_DOT = Buffer.from('\r\n.', 'latin1');

/** The core's content searches, with Node's native multi-octet search where the core has none. */
export class NodeScan extends PortableScan {
  override dotLine(octets: Uint8Array, from: number): number {
    const searched =
      octets instanceof Buffer ? octets : Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    return searched.indexOf(CRLF_DOT, from);
  }
}
