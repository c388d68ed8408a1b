import type { Envelope } from './envelope.js';
import { judge, type Verdict } from './reply.js';
import { inWords } from './tls.js';

/** What nodemailer tells of a failure. */
export interface Failure extends Error {
  readonly code?: string | undefined;
  /** What it came to: `MAIL FROM` and others. */
  readonly command?: string | undefined;
  readonly response?: string | undefined;
}

/** How a transaction ended. */
export interface Ending {
  /** Null where the far side took the message. */
  readonly failure: Failure | null;
  /** What it said then. */
  readonly reply: string;
  /** The far side had asked for the content: from there on, nobody can tell what it has taken. */
  readonly begun: boolean;
  /** What RCPT got that was refused, by place in the envelope. */
  readonly refused: ReadonlyMap<number, string>;
}

/** What became of each recipient, by position, of those that the envelope sends to. */
export function answersOf(ending: Ending, { recipients }: Envelope, host: string): Map<number, Verdict> {
  // Where MAIL was refused, what was pipelined behind it was out of place, and says nothing.
  const refused = isOfMail(ending.failure) ? new Map<number, string>() : ending.refused;
  return new Map(
    recipients.map(({ recipient }, place) => {
      const refusal = refused.get(place);
      const verdict =
        refusal === undefined
          ? common(ending, recipients.length - refused.size, host)
          : judge('rcpt', refusal, 1);
      return [recipient.position, verdict];
    }),
  );
}

/** The connection was lost, or about to be, before anything was decided: over another one it may go. */
export function isUndecided({ failure, begun, refused }: Ending): boolean {
  if (failure === null || begun || refused.size > 0) return false;
  const { code, response } = failure;
  return response === undefined ? code !== 'ETIMEDOUT' : response.startsWith('421');
}

/** What those came to that RCPT did not refuse. */
function common({ failure, reply, begun }: Ending, recipients: number, host: string): Verdict {
  if (failure === null) return judge('end', reply, recipients);
  const { response, code } = failure;
  if (response !== undefined) {
    return judge(isOfMail(failure) ? 'mail' : begun ? 'end' : 'data', response, recipients);
  }
  return {
    outcome: 'deferred',
    reply: `${host}: ${inWords(failure)}, before it ${begun ? 'had taken' : 'was sent'} the message`,
    // RFC 3463 3.5: no answer, or a bad connection.
    enhancedCode: code === 'ETIMEDOUT' ? '4.4.1' : '4.4.2',
  };
}

function isOfMail(failure: Failure | null): boolean {
  return failure?.command === 'MAIL FROM';
}
