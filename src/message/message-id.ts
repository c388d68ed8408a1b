import { randomUUID } from 'node:crypto';

/** Returns a new msg-id (RFC 5322 3.6.4) with its angle brackets: 122 random bits at this domain (A-labels). */
export function newMessageId(domain: string): string {
  return `<${randomUUID()}@${domain}>`;
}

/**
 * Returns the msg-id in the body of a Message-ID field, unfolded, with its angle brackets; null if it has no msg-id.
 *
 * Accepts more than the grammar, because nothing is decided on it and many programs write odd ones: any printable
 * ASCII around an `@`.
 */
export function parseMessageId(text: string): string | null {
  const value = text.trim();
  if (!/^<[!-;=?-~]+>$/.test(value)) return null;
  const at = value.indexOf('@');
  return at > 1 && at < value.length - 2 ? value : null;
}
