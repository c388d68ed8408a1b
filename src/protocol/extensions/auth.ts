import { Fault, type Parsed } from '../../base/fault.js';
import { decodeUtf8 } from '../../base/octets.js';
import { OUTSIDE_TRANSACTION } from '../commands/verb.js';
import { parseMailbox } from '../grammar/mailbox.js';
import { decodeXtext } from '../grammar/xtext.js';
import { reply } from '../replies/catalogue.js';
import type { Reply } from '../replies/reply.js';
import { offeredOn } from '../sasl/mechanism.js';
import type { Extension } from './extension.js';

export interface AuthMail {
  /** The mailbox that first submitted the message, null for `<>`: RFC 4954 5. */
  readonly auth?: string | null;
}

export interface AuthCommand {
  readonly verb: 'AUTH';
  /** In capitals. */
  readonly mechanism: string;
  /** In base64; null if the client sent none. */
  readonly initialResponse: string | null;
}

export const auth: Extension<object, AuthMail, object, AuthCommand> = {
  keyword: 'AUTH',
  source: 'RFC 4954',
  announce: ({ mechanisms, authNeedsTls }, link) => {
    const offered = offeredOn(mechanisms, link);
    // RFC 4954 4: not announced if it would be answered with 538.
    return offered.length === 0 || (authNeedsTls && link === 'plain') ? null : offered.join(' ');
  },
  verbs: {
    AUTH: {
      parse: parseAuth,
      refusedIn: OUTSIDE_TRANSACTION,
      // It gets an answer of its own there: 538.
      beforeTls: true,
      extension: true,
      afterHelo: true,
      endsGroup: true,
      line: 'authLine',
    },
  },
  mail: { AUTH: parseAuthParameter },
};

// RFC 4954 4: AUTH mechanism [initial-response]
function parseAuth(argument: string): AuthCommand | Reply {
  const [mechanism = '', initialResponse = null, ...rest] = argument.split(' ');
  // Base64 with a space in it is no base64; the mechanism's name has been read all the same.
  if (rest.length > 0) return reply('badBase64');
  if (mechanism === '') return reply('syntax', { syntax: 'AUTH mechanism [initial-response]' });
  return { verb: 'AUTH', mechanism: mechanism.toUpperCase(), initialResponse };
}

// RFC 4954 5: "AUTH=" followed by a mailbox, encoded as xtext, or "<>".
function parseAuthParameter(value: string | null): Parsed<{ readonly auth: string | null }> {
  if (value === '<>') return { auth: null };
  const decoded = value === null || value === '' ? null : decodeXtext(value);
  if (decoded === null) return new Fault('expected xtext (RFC 3461 4) or <>');
  const auth = decodeUtf8(decoded);
  const mailbox = auth === null ? null : parseMailbox(auth);
  // <postmaster> alone is a recipient only.
  const sound = mailbox !== null && !(mailbox instanceof Fault) && mailbox.domain !== '';
  return sound ? { auth } : new Fault('expected a mailbox or <>');
}
