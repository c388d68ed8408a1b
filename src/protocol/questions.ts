import type { Question, SaslQuestion } from './events.js';
import type { Phase, Ready } from './phases.js';
import type { Profile } from './profile.js';
import { Reception } from './reception.js';
import type { Reply } from './reply.js';
import { reply } from './replies.js';
import { challengeBefore } from './sasl/exchange.js';
import { advance } from './transitions.js';
import type { Command } from './verbs.js';

/** A question that is answered with a plain yes or no. */
export type PlainQuestion = Exclude<Question, SaslQuestion>;

export function isPlain(question: Question): question is PlainQuestion {
  return question.type !== 'lookup' && question.type !== 'auth';
}

/** A command that only the server can decide on. */
export type Asking = Extract<
  Command,
  { verb: 'EHLO' | 'HELO' | 'STARTTLS' | 'MAIL' | 'RCPT' | 'DATA' | 'XCLIENT' | 'XFORWARD' }
>;

/** What a command asks. */
export function questionOf(command: Asking): PlainQuestion {
  switch (command.verb) {
    case 'EHLO':
    case 'HELO':
      return { type: 'hello', hello: command };
    case 'STARTTLS':
      return { type: 'starttls' };
    case 'MAIL':
      return { type: 'mail', reversePath: command.reversePath, parameters: command.parameters };
    case 'RCPT':
      return { type: 'rcpt', forwardPath: command.forwardPath, parameters: command.parameters };
    case 'DATA':
      return { type: 'data' };
    case 'XCLIENT':
      return { type: 'xclient', client: command.client };
    case 'XFORWARD':
      return { type: 'xforward', origin: command.origin };
  }
}

const ASKED_BY: Readonly<Record<Question['type'], string>> = {
  connect: 'connect',
  hello: 'EHLO',
  starttls: 'STARTTLS',
  lookup: 'AUTH',
  auth: 'AUTH',
  xclient: 'XCLIENT',
  xforward: 'XFORWARD',
  mail: 'MAIL',
  rcpt: 'RCPT',
  data: 'DATA',
  end: 'DATA',
};

/** Which command, or which moment, a question is about: for those who are told that it was refused. */
export function askedBy(question: Question, phase: Phase<unknown>): string {
  return phase.kind === 'chunk' ? 'BDAT' : ASKED_BY[question.type];
}

/** What a yes leads to. */
export interface Consequence<Principal> {
  readonly phase: Phase<Principal>;
  /** Null where something else is to be answered first: the chunk that the message begins with. */
  readonly reply: Reply | null;
}

/**
 * What a yes to `question` leads to, in `phase`.
 *
 * @param given the reply of whoever said yes, for where the protocol leaves its text free.
 */
export function consent<Principal>(
  question: PlainQuestion,
  phase: Phase<Principal>,
  profile: Profile,
  address: string,
  given: Reply | undefined,
): Consequence<Principal> {
  // Only a 2yz means what the session does then.
  const own = given !== undefined && given.code < 300 ? given : undefined;
  switch (question.type) {
    case 'connect':
      return { phase: advance(phase, 'welcomed'), reply: own ?? profile.greeting };
    case 'hello': {
      const next = advance(phase, 'hello', question.hello);
      const { link } = next as Ready<Principal>;
      return { phase: next, reply: profile.hello(question.hello.verb, address, link) };
    }
    case 'xclient':
      return { phase: advance(phase, 'startedOver'), reply: own ?? profile.greeting };
    case 'xforward':
      return { phase, reply: reply('ok') };
    case 'starttls':
      return { phase: advance(phase, 'startTls'), reply: reply('readyForTls') };
    case 'mail': {
      const { reversePath, parameters } = question;
      const next = advance(phase, 'mailAccepted', { reversePath, parameters });
      return { phase: next, reply: own ?? reply('senderOk') };
    }
    case 'rcpt':
      return { phase: advance(phase, 'rcptAccepted'), reply: own ?? reply('recipientOk') };
    case 'data': {
      if (phase.kind === 'chunk') return { phase, reply: null };
      const next = advance(phase, 'dataBegun', { reception: new Reception(profile) });
      return { phase: next, reply: reply('startMail') };
    }
    case 'end':
      return { phase: advance(phase, 'dataOver'), reply: own ?? reply('accepted') };
  }
}

/** What a no to `question` leads to, in `phase`. The client may have to answer something before it hears the no. */
export function dissent<Principal>(
  question: Question,
  phase: Phase<Principal>,
  refusal: Reply,
): Consequence<Principal> {
  switch (question.type) {
    case 'connect':
    case 'xclient':
      return { phase: advance(phase, 'turnedAway', { refusal: reply('turnedAway') }), reply: refusal };
    case 'lookup':
      return { phase: advance(phase, 'saslOver'), reply: refusal };
    case 'auth': {
      const challenge = challengeBefore(refusal, phase);
      if (challenge === null) return { phase: advance(phase, 'saslOver'), reply: refusal };
      return { phase: advance(phase, 'saslLost', { refusal }), reply: challenge };
    }
    case 'data':
      // RFC 3030 2: said behind the chunk. But whoever is to be cut off is not listened to any more.
      if (phase.kind !== 'chunk' || refusal.code === 421) return { phase, reply: refusal };
      phase.reception.refuse(refusal);
      return { phase, reply: null };
    case 'end':
      return { phase: advance(phase, 'dataOver'), reply: refusal };
    default:
      return { phase, reply: refusal };
  }
}
