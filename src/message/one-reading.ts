import { decodeCharset } from './charset.js';
import { decodeBase64, decodeQ } from './mime/transfer.js';

/** An encoded word as lenient readers take it (RFC 2047 2). It also matches a word that does not end. */
const WORD = /=\?([^?\s]{1,80})\?([BbQq])\?([^?]*)(\?=)?/g;
/** Labels for octets of an unknown character set, which some servers write for text that they cannot name. */
const UNNAMED = /^(?:unknown-8bit|x-unknown)$/i;

/**
 * Looks in a From field that has one mailbox for anything that could show another sender to another reader: to
 * programs that decode encoded words first and look for addresses afterwards, or that continue after a word that does
 * not end.
 *
 * An address in quotes alone is no reason (`"bob@example.net via Shop"` is a common name), and neither is a comma in
 * an encoded word; both together are a reason.
 *
 * @param text the field's body, unfolded
 * @param localPart of its address
 * @returns the reason, for the client; null if there is no other reading
 */
export function otherReading(text: string, localPart: string): string | null {
  // RFC 2047 5: an address may not contain one.
  if (localPart.includes('=?')) return 'the address holds an encoded word';
  let decoded = '';
  for (const [, label = '', encoding, payload = '', end] of text.matchAll(WORD)) {
    if (end === undefined) return 'an encoded word has no end';
    const charset = label.replace(/\*.*$/, '').toLowerCase();
    const octets = encoding?.toUpperCase() === 'Q' ? decodeQ(payload) : decodeBase64(Buffer.from(payload));
    const known = decodeCharset(charset, octets);
    if (known === null && !UNNAMED.test(charset)) return 'an encoded word has an unknown character set';
    decoded += known ?? octets.toString('latin1');
  }
  if (/[<>@\p{Cc}]/u.test(decoded)) return 'an encoded word holds @, <, > or a control character';
  if (!/[,;:()"\\]/.test(decoded)) return null;
  return text.indexOf('@') !== text.lastIndexOf('@')
    ? 'the name holds an address, and punctuation in an encoded word'
    : null;
}

/**
 * Returns true if a field body has a fold inside a quoted string or a comment. Expects a body that follows its
 * grammar.
 */
export function isFoldedInside(body: string): boolean {
  let quoted = false;
  let depth = 0;
  for (let at = 0; at < body.length; at += 1) {
    const character = body[at];
    if (character === '\r') {
      if (quoted || depth > 0) return true;
    } else if (character === '\\') {
      if (quoted || depth > 0) at += body.startsWith('\r\n', at + 1) ? 0 : 1;
    } else if (character === '"' && depth === 0) quoted = !quoted;
    else if (character === '(' && !quoted) depth += 1;
    else if (character === ')' && !quoted) depth -= 1;
  }
  return false;
}
