import { decodeUtf8 } from '../../base/octets.js';
import { parseMailbox, PathFault } from '../grammar/mailbox.js';
import { decodeXtext } from '../grammar/xtext.js';
import { offeredOn } from '../sasl/mechanism.js';
import type { Extension } from './extension.js';

export interface AuthMail {
  /** The mailbox that first submitted the message, null for `<>`: RFC 4954 5. */
  readonly auth?: string | null;
}

export const auth: Extension<object, AuthMail> = {
  keyword: 'AUTH',
  source: 'RFC 4954',
  announce: ({ mechanisms, authNeedsTls }, link) => {
    const offered = offeredOn(mechanisms, link);
    // RFC 4954 4: not announced if it would be answered with 538.
    return offered.length === 0 || (authNeedsTls && link === 'plain') ? null : offered.join(' ');
  },
  mail: { AUTH: parseAuthParameter },
};

// RFC 4954 5: "AUTH=" followed by a mailbox, encoded as xtext, or "<>".
function parseAuthParameter(value: string | null): { readonly auth: string | null } | string {
  if (value === '<>') return { auth: null };
  const decoded = value === null || value === '' ? null : decodeXtext(value);
  if (decoded === null) return 'expected xtext (RFC 3461 4) or <>';
  const auth = decodeUtf8(decoded);
  const mailbox = auth === null ? null : parseMailbox(auth);
  // <postmaster> alone is a recipient only.
  const sound = mailbox !== null && !(mailbox instanceof PathFault) && mailbox.domain !== '';
  return sound ? { auth } : 'expected a mailbox or <>';
}
