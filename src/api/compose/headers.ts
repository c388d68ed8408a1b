import { fieldError } from '../errors.js';
import { clean } from './mail.js';

/** Fields of RFC 5322 that a message has once, and that have parameters of their own here, and trace fields. */
const RESERVED: ReadonlySet<string> = new Set([
  ...[
    'from',
    'sender',
    'to',
    'cc',
    'bcc',
    'subject',
    'reply-to',
    'date',
    'message-id',
    'return-path',
    'received',
  ],
  ...['mime-version', 'content-type', 'content-transfer-encoding', 'content-disposition', 'content-id'],
  ...['dkim-signature', 'resent-from', 'resent-to', 'resent-cc', 'resent-bcc'],
]);
/** Fields that a request may add. */
const MOST_FIELDS = 50;

/** Whether Postern writes a header field itself, or has a parameter for it. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name.toLowerCase());
}

/** Reads header fields that a client adds to its message. A name that has a parameter of its own is refused. */
export function readHeaders(
  field: string,
  written: readonly (readonly [name: string, value: string])[],
): readonly (readonly [name: string, value: string])[] {
  if (written.length > MOST_FIELDS) throw fieldError(field, `has more than ${MOST_FIELDS} fields`);
  return written.map(([name, value]) => {
    // RFC 5322 2.2: printable ASCII without a colon.
    if (!/^[!-9;-~]{1,76}$/.test(name)) throw fieldError(field, 'has a name that is no header field');
    if (isReserved(name)) throw fieldError(field, `may not have ${name}`);
    // A value may come folded (RFC 5322 2.2.3).
    return [name, clean(value.replace(/\r?\n(?=[ \t])/g, ''))] as const;
  });
}
