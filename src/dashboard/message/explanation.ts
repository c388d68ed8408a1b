import type { MessageFacts } from '../../api/schemas/message.js';
import { plural } from '../parts/sizes.js';
import { distance } from '../parts/time.js';
import { meaningOf } from './reply-meaning.js';

export type RecipientFacts = MessageFacts['recipients'][number];

/** Why a recipient has not got the message, in words. */
export interface Explanation {
  readonly why: string;
  /** The words of the remote server; null if it said nothing. */
  readonly reply: string | null;
  /** The meaning of the reply; null if its code says nothing more. */
  readonly meaning: string | null;
  /** Says what comes next, and when. */
  readonly next: string;
}

/** The facts of the whole message that an explanation needs. */
type Circumstances = Pick<MessageFacts, 'domain' | 'terms'> & { readonly delivers: boolean | null };

const NO_ROUTE = 'Delivery is off: no deliver URL is configured, so the server holds all mail.';

/** Returns why a recipient has not got the message; null if it has. */
export function explain(recipient: RecipientFacts, around: Circumstances): Explanation | null {
  const { status, attempts, nextAttemptAt } = recipient;
  const last = attempts.at(-1);
  const reply = last?.reply ?? null;
  const meaning = reply === null ? null : meaningOf(reply);
  const who = last?.remoteHost ?? null;
  switch (status) {
    case 'delivered':
      return null;
    case 'held':
      return { ...held(around), reply: null, meaning: null };
    case 'queued':
      return around.delivers === false
        ? {
            why: NO_ROUTE,
            reply: null,
            meaning: null,
            next: 'Start the server with --deliver URL: then it is sent by itself.',
          }
        : { why: waiting(around), reply: null, meaning: null, next: nextTry(nextAttemptAt) };
    case 'deferred':
      return {
        why: who === null ? 'No remote server could be reached.' : `${who} did not take it yet.`,
        reply,
        meaning,
        next: `${plural(attempts.length, 'try', 'tries')} so far. ${nextTry(nextAttemptAt)}`,
      };
    case 'bounced':
      return {
        why: who === null ? 'It could not be delivered.' : `${who} refused it for good.`,
        reply,
        meaning,
        next: 'It is not tried again. You can resend it as a new message once the reason is gone.',
      };
    case 'cancelled':
      return {
        why: 'A person cancelled it.',
        reply: attempts.length > 1 ? (attempts.at(-2)?.reply ?? null) : null,
        meaning: null,
        next: 'It is not tried again. You can resend it as a new message.',
      };
  }
}

/** What holds a message is decided when it comes in, so that routes of today do not say why it was held. */
function held({ delivers, domain }: Circumstances): Pick<Explanation, 'why' | 'next'> {
  if (delivers === false) {
    return {
      why: NO_ROUTE,
      next: 'It stays here. Start the server with --deliver URL, and then press Release to send it.',
    };
  }
  return {
    why: `It was held when it came in: delivery was off then, or no route took mail of ${domain} with these tags.`,
    next: 'It stays here until you press Release. Then it is sent by the routes that the server has now.',
  };
}

function waiting({ terms: { releaseAt } }: Circumstances): string {
  return releaseAt !== null && Date.parse(releaseAt) > Date.now()
    ? `The sender asked to hold it back: it is released ${distance(releaseAt)}.`
    : 'It waits for its first try: mail before it, or its destination, has its turn.';
}

function nextTry(at: string | null): string {
  if (at === null) return 'It is being tried now.';
  return Date.parse(at) <= Date.now() ? 'The next try is due now.' : `The next try is ${distance(at)}.`;
}
