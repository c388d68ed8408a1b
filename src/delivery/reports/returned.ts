import { waivesTls } from '../../message/tls-required.js';
import type { MessageDetail } from '../../store/stored-message.js';
import { DELIVERY } from '../limits.js';
import { BLANK_LINE } from '../transports/read-content.js';
import type { NotificationFacts } from './notice.js';

/** The part of the message that a notification returns: its third part (RFC 6522 3). */
export interface Returned {
  readonly what: 'message' | 'header' | 'nothing';
  /** A header section has no empty line at its end. */
  readonly octets: Buffer;
  /** Whether the header section has octets beyond ASCII. */
  readonly headerIsEightBit: boolean;
  /** Whether any part of it has octets beyond ASCII. */
  readonly isEightBit: boolean;
  /** Whether the message says `TLS-Required: No` (RFC 8689 3). */
  readonly waivesTls: boolean;
}

/**
 * Returns whether the whole message is returned. RFC 3461 4.3: if the notification reports a failure and RET=FULL asks
 * for it. The message is not returned whole if it must go over TLS only (RFC 8689 5), if it is large, or if it cannot
 * be a part of another message, which cannot be encoded: if it has a NUL, or lines that are too long or not lines at
 * all. Of a message of an earlier version only the declaration BODY=BINARYMIME is known.
 */
export function returnsWhole(
  { kind, report: { terms } }: NotificationFacts,
  { size, needs }: Pick<MessageDetail, 'size' | 'needs'>,
): boolean {
  if (kind !== 'failed' || terms.ret !== 'FULL' || terms.requireTls) return false;
  if (needs === null ? terms.body === 'BINARYMIME' : needs.binary || needs.longLines) return false;
  return size <= DELIVERY.returnedMessage.initial;
}

/**
 * Reads the part that is returned. If the header section is too long, returns as many whole fields as fit.
 *
 * @param content the stored octets; empty if they have been removed
 */
export async function readReturned(content: AsyncIterable<Uint8Array>, whole: boolean): Promise<Returned> {
  const limit = whole ? DELIVERY.returnedMessage.initial : DELIVERY.returnedHeader.initial;
  const octets = await readUpTo(content, limit, whole);
  if (octets.length === 0) {
    return { what: 'nothing', octets, headerIsEightBit: false, isEightBit: false, waivesTls: false };
  }
  const header = headerOf(octets);
  return {
    what: whole ? 'message' : 'header',
    octets: whole ? octets : header,
    headerIsEightBit: isEightBit(header),
    isEightBit: isEightBit(whole ? octets : header),
    waivesTls: waivesTls(header),
  };
}

async function readUpTo(content: AsyncIterable<Uint8Array>, limit: number, whole: boolean): Promise<Buffer> {
  let held = Buffer.alloc(0);
  for await (const octets of content) {
    held = Buffer.concat([held, octets]);
    // One octet more than fits shows that there is more.
    if (held.length > limit || (!whole && held.includes(BLANK_LINE))) break;
  }
  return held.subarray(0, limit);
}

/**
 * Returns the header section at the beginning, without its empty line. If its end is missing, returns its whole
 * fields.
 */
function headerOf(octets: Buffer): Buffer {
  if (octets.subarray(0, 2).equals(BLANK_LINE.subarray(0, 2))) return octets.subarray(0, 0);
  const end = octets.indexOf(BLANK_LINE);
  if (end >= 0) return octets.subarray(0, end + 2);
  for (let at = octets.length; at > 0;) {
    at = octets.lastIndexOf('\r\n', at - 1);
    const next = at < 0 ? undefined : octets[at + 2];
    // A line that begins with white space continues the field before it. If nothing follows, the field may be
    // incomplete.
    if (next !== undefined && next !== 0x20 && next !== 0x09) return octets.subarray(0, at + 2);
  }
  return octets.subarray(0, 0);
}

function isEightBit(octets: Buffer): boolean {
  return octets.some((octet) => octet > 0x7f);
}
