import {
  type AbortReason,
  type Event,
  type Question,
  RESET,
  type SaslQuestion,
  type Verdict,
} from '../events.js';
import { type Commanding, type Consequence, NO_REPLIES, type Phase, type Ready } from './phases.js';
import type { Profile } from '../profile.js';
import { IncomingContent } from '../content/incoming-content.js';
import type { Reply } from '../replies/reply.js';
import { reply } from '../replies/catalogue.js';
import { challengeAfter, challengeBefore } from '../sasl/exchange.js';
import { advance } from './transitions.js';

/** A question that is answered with a plain yes or no. */
type PlainQuestion = Exclude<Question, SaslQuestion>;

function isPlain(question: Question): question is PlainQuestion {
  const { type } = question;
  return type !== 'lookup' && type !== 'auth';
}

// The replies that every message gets, looked up once.
const SENDER_OK = reply('senderOk');
const RECIPIENT_OK = reply('recipientOk');
const START_MAIL = reply('startMail');
const ACCEPTED = reply('accepted');
const OK = reply('ok');

/** The commands that questions are about, if the name of the question is not the command's. */
const ASKED_BY: Readonly<Partial<Record<Question['type'], string>>> = {
  connect: 'connect',
  hello: 'EHLO',
  lookup: 'AUTH',
  end: 'DATA',
};

/** Returns the command that a question other than `command` is about, for the report of its refusal. */
function askedBy(question: Question, phase: Phase<unknown>): string {
  return phase.kind === 'chunk' ? 'BDAT' : (ASKED_BY[question.type] ?? question.type.toUpperCase());
}

/** The consequence of a yes. */
function yes<Principal>(
  phase: Phase<Principal>,
  replies: readonly Reply[],
  notice: Event | null = null,
): Consequence<Principal> {
  return { phase, notice, replies, refused: null, asks: null };
}

/**
 * Returns the consequence of a verdict on `question`, in `phase`.
 *
 * @throws Error if the verdict does not fit the question: a bug of the caller.
 */
export function consequenceOf<Principal>(
  question: Question,
  verdict: Verdict<Principal>,
  phase: Phase<Principal>,
  profile: Profile,
  address: string,
): Consequence<Principal> {
  if (verdict.type === 'refuse') return refused(question, phase, profile, verdict.reply);
  if (verdict.type === 'accept' && isPlain(question)) {
    return accepted(question, phase, profile, address, verdict.reply);
  }
  if (verdict.type === 'authenticate' && question.type === 'auth') {
    const next = advance.authenticated(phase, { principal: verdict.principal });
    return yes(next, [reply('authenticated')]);
  }
  if (verdict.type === 'keys' && question.type === 'lookup') {
    return yes(phase, [challengeAfter(verdict.keys, phase)]);
  }
  if (verdict.type === 'perRecipient' && question.type === 'end') {
    return decide(verdict.replies, question, phase, profile);
  }
  throw new Error(`${verdict.type} is no answer to ${question.type}`);
}

/**
 * Returns the consequence of accepting `question`, in `phase`.
 *
 * @param given the reply of the handler, used if the protocol leaves the text free.
 */
function accepted<Principal>(
  question: PlainQuestion,
  phase: Phase<Principal>,
  profile: Profile,
  address: string,
  given: Reply | undefined,
): Consequence<Principal> {
  // Only a 2yz means what the session does then.
  const own = given !== undefined && given.code < 300 ? given : undefined;
  switch (question.type) {
    case 'command':
      return yes(phase, own === undefined ? NO_REPLIES : [own]);
    case 'connect':
      // RFC 5321 4.2: clients take nothing but a 220 for a greeting.
      return yes(advance.welcomed(phase), [own?.code === 220 ? own : profile.greeting]);
    case 'hello': {
      const next = advance.hello(phase, question.hello);
      const { link } = next as Ready<Principal>;
      const greeting = profile.hello(question.hello.verb, address, link);
      return yes(next, [greeting], lossOf(phase, null, 'reset'));
    }
    case 'xclient':
      return yes(advance.startedOver(phase), [own?.code === 220 ? own : profile.greeting]);
    case 'starttls':
      return yes(advance.startTls(phase), [reply('readyForTls')], { type: 'secure' });
    case 'mail': {
      const { reversePath, parameters } = question;
      return yes(advance.mailAccepted(phase, { reversePath, parameters }), [own ?? SENDER_OK]);
    }
    case 'rcpt':
      return yes(advance.rcptAccepted(phase), [own ?? RECIPIENT_OK]);
    case 'data':
      if (phase.kind === 'chunk') return yes(phase, NO_REPLIES);
      return yes(advance.dataBegun(phase, { reception: new IncomingContent(profile) }), [START_MAIL]);
    case 'end':
      return yes(advance.dataOver(phase), toEach(own ?? ACCEPTED, phase, profile));
    default:
      // A command of an extension that changes no phase.
      return yes(phase, [own ?? OK]);
  }
}

/**
 * Returns the consequence of refusing `question`, in `phase`. The client may have to answer a challenge before it gets
 * the refusal.
 */
function refused<Principal>(
  question: Question,
  phase: Phase<Principal>,
  profile: Profile,
  given: Reply,
): Consequence<Principal> {
  // A reply that says yes would leave the client where the session is not.
  const refusal = given.positive ? reply('internal') : given;
  const no = (
    next: Phase<Principal>,
    replies: readonly Reply[],
    notice: Event | null = null,
  ): Consequence<Principal> => {
    return { phase: next, notice, replies, refused: askedBy(question, phase), asks: null };
  };
  switch (question.type) {
    case 'connect':
    case 'xclient':
      return no(advance.turnedAway(phase, { refusal: reply('turnedAway') }), [refusal]);
    case 'lookup':
      return no(advance.saslOver(phase), [refusal]);
    case 'auth': {
      const challenge = challengeBefore(refusal, phase);
      if (challenge === null) return no(advance.saslOver(phase), [refusal]);
      return no(advance.saslLost(phase, { refusal }), [challenge]);
    }
    case 'data':
      // RFC 3030 2: the refusal follows the chunk. But if the connection is closed, no more is read.
      if (phase.kind !== 'chunk' || refusal.closes) return no(phase, [refusal]);
      phase.reception.refuse(refusal);
      return no(phase, NO_REPLIES, RESET);
    case 'end':
      return no(advance.dataOver(phase), toEach(refusal, phase, profile));
    default:
      return no(phase, [refusal]);
  }
}

/**
 * Returns the consequence of a verdict for each recipient, in `phase`.
 *
 * @throws Error if their number is wrong: a bug of the caller.
 */
function decide<Principal>(
  replies: readonly Reply[],
  question: Question,
  phase: Phase<Principal>,
  profile: Profile,
): Consequence<Principal> {
  const due = toEach(reply('accepted'), phase, profile);
  if (profile.protocol !== 'lmtp' || replies.length !== due.length) {
    throw new Error(`expected a reply for each of ${due.length} recipients in LMTP, got ${replies.length}`);
  }
  // Only a 2yz means what the session does then.
  const sound = replies.map((given) => (given.code >= 300 && given.positive ? reply('accepted') : given));
  return {
    phase: advance.dataOver(phase),
    notice: null,
    replies: sound,
    refused: askedBy(question, phase),
    asks: null,
  };
}

/** Behind a message SMTP has one reply, LMTP one for each recipient that was accepted (RFC 2033 4.2 and 4.3). */
export function toEach(one: Reply, phase: Phase<unknown>, { protocol }: Profile): readonly Reply[] {
  return protocol === 'lmtp' && phase.recipients !== null
    ? new Array<Reply>(phase.recipients).fill(one)
    : [one];
}

/**
 * Returns the notice about the open transaction if it will not be completed, or null.
 *
 * @param question the one that waits for its verdict.
 */
export function lossOf(phase: Phase<unknown>, question: Question | null, reason: AbortReason): Event | null {
  if (phase.transaction === null) return null;
  // The content was not taken up: there is nothing of it to undo.
  if (phase.reception === null || question?.type === 'data') return RESET;
  // Once it has come whole, the message is in the hands of the verdict, heard or not (RFC 5321 6.1).
  const over = phase.reception.refusal !== null || question?.type === 'end';
  return over ? null : { type: 'abort', reason };
}

/** Returns the consequence of RSET. */
export function resetBy<Principal>(phase: Commanding<Principal>): Consequence<Principal> {
  const next = phase.kind === 'greeted' ? phase : advance.reset(phase);
  return yes(next, [OK], lossOf(phase, null, 'reset'));
}
