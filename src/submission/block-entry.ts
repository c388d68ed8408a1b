/** The form of entries of block and allow lists, whether they come from the command line or by the HTTP API. */
import { printable } from '../base/text.js';

/** Longest address, in octets (RFC 5321 4.5.3.1.3, without the angle brackets). */
const ADDRESS_OCTETS = 254;
/** Longest reason, in characters. A longer one would not fit into the reply that shows it. */
export const REASON_LENGTH = 300;

/**
 * Returns an address as the store keeps it: in lower case; null if it is not one. The check is loose, since the entry is
 * compared with what clients write: any path of RCPT may match.
 */
export function parseEntryAddress(text: string): string | null {
  const fits = /^[^\s@<].*@[^\s@<>]+$/.test(text) && Buffer.byteLength(text) <= ADDRESS_OCTETS;
  return fits && printable(text) === text ? text.toLowerCase() : null;
}

/** Returns true if a text can be the reason of an entry: one line of 1 to {@link REASON_LENGTH} characters. */
export function isEntryReason(text: string): boolean {
  return text !== '' && text.length <= REASON_LENGTH && printable(text) === text;
}
