import type { RecipientResult, TransactionResult } from '../../../client/parts.js';
import type { Envelope } from './envelope.js';
import { phaseWords, reasonOf } from './errors.js';
import type { SessionOptions } from './options.js';
import { resultOf, type Phase, type ReplyResult } from './reply.js';

/** The outcome for one recipient. */
export interface Answer {
  readonly result: ReplyResult;
  /** Whether another mail server may be tried: nothing is decided, and the message was not sent (RFC 5321 5.1). */
  readonly mayTryNextServer: boolean;
}

/** Returns the outcome of each recipient to which the envelope sends, by position. */
export function answersOf(
  transaction: TransactionResult,
  { recipients }: Envelope,
  { host, lmtp }: Pick<SessionOptions, 'host' | 'lmtp'>,
): Map<number, Answer> {
  const refused = transaction.recipients.filter(
    ({ phase, reply }) => phase === 'rcpt' && reply !== null,
  ).length;
  // By LMTP each recipient gets a reply of its own to the content.
  const together = lmtp ? 1 : recipients.length - refused;
  return new Map(
    recipients.map(({ recipient }, place) => {
      const own: RecipientResult = transaction.recipients[place] ?? { phase: 'mail', reply: null };
      const { phase, reply } = own;
      const decided =
        reply === null
          ? unanswered(transaction, phase, host)
          : resultOf(phaseOf(phase), reply.toString(), phase === 'rcpt' ? 1 : together);
      return [recipient.position, { result: decided, mayTryNextServer: isOpen(transaction, own) }];
    }),
  );
}

/**
 * Returns whether the connection was lost, or about to be closed, before anything was decided. The message may then go
 * over another connection.
 */
export function isUndecided({ error, begun, recipients }: TransactionResult): boolean {
  if (begun || error?.fault === 'timeout' || error?.fault === 'aborted') return false;
  const lost = error !== null || recipients.some(({ reply }) => reply?.code === 421);
  return lost && recipients.every(({ reply }) => reply === null || reply.code === 421);
}

function isOpen({ error, complete }: TransactionResult, { phase, reply }: RecipientResult): boolean {
  if (reply === null) return !complete && error?.fault !== 'aborted';
  return phase !== 'end' && reply.code >= 400 && reply.code < 500;
}

function phaseOf(phase: RecipientResult['phase']): Phase {
  return phase === 'mail' || phase === 'rcpt' || phase === 'data' ? phase : 'end';
}

/** Returns the outcome of a recipient that got no reply: what the server did, and when. */
function unanswered(
  { error, begun }: TransactionResult,
  phase: RecipientResult['phase'],
  host: string,
): ReplyResult {
  const why = error === null ? 'it said nothing' : reasonOf(error);
  return {
    outcome: 'deferred',
    reply:
      error?.fault === 'protocol'
        ? `${host}: Postern closed the connection, because the server broke the protocol ${phaseWords(phase)}: ${error.message}`
        : `${host}: ${why}, ${WHEN[phase] ?? ''}before it ${begun ? 'had taken' : 'was sent'} the message`,
    // RFC 3463 3.5: no answer, or a bad connection.
    enhancedCode: error?.fault === 'timeout' ? '4.4.1' : '4.4.2',
  };
}

const WHEN: Partial<Readonly<Record<RecipientResult['phase'], string>>> = {
  mail: 'in place of a reply to MAIL, ',
  rcpt: 'in place of a reply to RCPT, ',
  data: 'in place of a reply to DATA, ',
  content: 'while the content was sent, ',
  end: 'in place of a reply to the content, ',
};
