import type { Question, SaslQuestion, Verdict } from '../events.js';
import type { Phase, Ready } from './phases.js';
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
export function askedBy(question: Question, phase: Phase<unknown>): string {
  return phase.kind === 'chunk' ? 'BDAT' : (ASKED_BY[question.type] ?? question.type.toUpperCase());
}

/** The effect of a verdict: the next phase, and the replies. */
export interface Consequence<Principal> {
  readonly phase: Phase<Principal>;
  /** None where something else is to be answered first: the chunk that the message begins with. */
  readonly replies: readonly Reply[];
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
    return { phase: next, replies: [reply('authenticated')] };
  }
  if (verdict.type === 'keys' && question.type === 'lookup') {
    return { phase, replies: [challengeAfter(verdict.keys, phase)] };
  }
  if (verdict.type === 'perRecipient' && question.type === 'end') {
    return decide(verdict.replies, phase, profile);
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
      return { phase, replies: own === undefined ? [] : [own] };
    case 'connect':
      return { phase: advance.welcomed(phase), replies: [own ?? profile.greeting] };
    case 'hello': {
      const next = advance.hello(phase, question.hello);
      const { link } = next as Ready<Principal>;
      return { phase: next, replies: [profile.hello(question.hello.verb, address, link)] };
    }
    case 'xclient':
      return { phase: advance.startedOver(phase), replies: [own ?? profile.greeting] };
    case 'starttls':
      return { phase: advance.startTls(phase), replies: [reply('readyForTls')] };
    case 'mail': {
      const { reversePath, parameters } = question;
      const next = advance.mailAccepted(phase, { reversePath, parameters });
      return { phase: next, replies: [own ?? SENDER_OK] };
    }
    case 'rcpt':
      return { phase: advance.rcptAccepted(phase), replies: [own ?? RECIPIENT_OK] };
    case 'data': {
      if (phase.kind === 'chunk') return { phase, replies: [] };
      const next = advance.dataBegun(phase, { reception: new IncomingContent(profile) });
      return { phase: next, replies: [START_MAIL] };
    }
    case 'end':
      return { phase: advance.dataOver(phase), replies: toEach(own ?? ACCEPTED, phase, profile) };
    default:
      // A command of an extension that changes no phase.
      return { phase, replies: [own ?? OK] };
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
  switch (question.type) {
    case 'connect':
    case 'xclient':
      return { phase: advance.turnedAway(phase, { refusal: reply('turnedAway') }), replies: [refusal] };
    case 'lookup':
      return { phase: advance.saslOver(phase), replies: [refusal] };
    case 'auth': {
      const challenge = challengeBefore(refusal, phase);
      if (challenge === null) return { phase: advance.saslOver(phase), replies: [refusal] };
      return { phase: advance.saslLost(phase, { refusal }), replies: [challenge] };
    }
    case 'data':
      // RFC 3030 2: the refusal follows the chunk. But if the connection is closed, no more is read.
      if (phase.kind !== 'chunk' || refusal.closes) return { phase, replies: [refusal] };
      phase.reception.refuse(refusal);
      return { phase, replies: [] };
    case 'end':
      return { phase: advance.dataOver(phase), replies: toEach(refusal, phase, profile) };
    default:
      return { phase, replies: [refusal] };
  }
}

/**
 * Returns the consequence of a verdict for each recipient, in `phase`.
 *
 * @throws Error if their number is wrong: a bug of the caller.
 */
function decide<Principal>(
  replies: readonly Reply[],
  phase: Phase<Principal>,
  profile: Profile,
): Consequence<Principal> {
  const due = toEach(reply('accepted'), phase, profile);
  if (profile.protocol !== 'lmtp' || replies.length !== due.length) {
    throw new Error(`expected a reply for each of ${due.length} recipients in LMTP, got ${replies.length}`);
  }
  // Only a 2yz means what the session does then.
  const sound = replies.map((given) => (given.code >= 300 && given.positive ? reply('accepted') : given));
  return { phase: advance.dataOver(phase), replies: sound };
}

/** Behind a message SMTP has one reply, LMTP one for each recipient that was accepted (RFC 2033 4.2 and 4.3). */
export function toEach(one: Reply, phase: Phase<unknown>, { protocol }: Profile): readonly Reply[] {
  return protocol === 'lmtp' && phase.recipients !== null
    ? new Array<Reply>(phase.recipients).fill(one)
    : [one];
}
