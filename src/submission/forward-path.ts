import { normalizeDomain } from '../message/domain.js';
import { type Mailbox, parseMailbox } from '../protocol/index.js';

/**
 * Reads an address as RCPT would take it (RFC 5321 4.1.2), or returns null. A domain beyond ASCII is given in A-labels,
 * so that the message does not need SMTPUTF8 for it.
 */
export function forwardPath(address: string): Mailbox | null {
  const at = address.lastIndexOf('@');
  const domain = normalizeDomain(address.slice(at + 1));
  if (at < 0 || domain === null) return null;
  const written = /[^\0-\x7f]/.test(address.slice(at + 1)) ? `${address.slice(0, at)}@${domain}` : address;
  const mailbox = parseMailbox(written);
  return 'localPart' in mailbox && mailbox.domain !== '' ? mailbox : null;
}
