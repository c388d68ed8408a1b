import { noArgument, OUTSIDE_TRANSACTION } from '../commands/verb.js';
import { reply } from '../replies/catalogue.js';
import type { Reply } from '../replies/reply.js';
import type { Extension, VerbContext } from './extension.js';

/** The client wants TLS. Accepted: the notice `secure` follows. */
export interface StartTlsQuestion {
  readonly type: 'starttls';
}

export interface StartTlsCommand {
  readonly verb: 'STARTTLS';
  readonly question: StartTlsQuestion;
}

export const startTls: Extension<object, object, object, StartTlsCommand> = {
  keyword: 'STARTTLS',
  source: 'RFC 3207',
  // RFC 3207 4.2: not under TLS.
  announce: ({ starttls }, link) => (starttls && link === 'plain' ? '' : null),
  verbs: {
    STARTTLS: {
      parse: parseStartTls,
      refusedIn: OUTSIDE_TRANSACTION,
      beforeTls: true,
      extension: true,
      endsGroup: true,
    },
  },
};

function parseStartTls(argument: string, { link, listener }: VerbContext<object>): StartTlsCommand | Reply {
  if (argument !== '') return noArgument('STARTTLS');
  if (link !== 'plain') return reply('alreadySecure');
  if (!listener.starttls) return reply('notImplemented', { verb: 'STARTTLS' });
  return { verb: 'STARTTLS', question: { type: 'starttls' } };
}
