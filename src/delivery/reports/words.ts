import { formatDate } from '../../message/date.js';
import type { ReportedRecipient, ReportKind } from '../../store/queue.js';
import type { NotificationFacts } from './notice.js';

/** The data for the human-readable part that are not in the notice. */
interface TextFacts {
  /** The name of this server. */
  readonly hostname: string;
  /** The subject of the message, decoded; null if the message has no subject, or if it is not known. */
  readonly subject: string | null;
  /** The time until which a delayed message is tried, in milliseconds since the epoch. */
  readonly retryUntil: number;
  /** The part of the message that comes back with the notification. */
  readonly returned: 'message' | 'header' | 'nothing';
}

const SUBJECTS: Readonly<Record<ReportKind, string>> = {
  failed: 'Not delivered',
  delayed: 'Not delivered yet',
  delivered: 'Delivered',
  relayed: 'Handed on',
};

/** Largest number of characters of the message's subject that are repeated. */
const SUBJECT_LENGTH = 150;

/** Returns the subject of a notification, which begins with the result. */
export function subjectOf({ kind }: NotificationFacts, { subject }: Pick<TextFacts, 'subject'>): string {
  return `${SUBJECTS[kind]}: ${subject === null || subject === '' ? 'your message' : shortened(subject)}`;
}

function shortened(text: string): string {
  const characters = Array.from(text);
  return characters.length <= SUBJECT_LENGTH ? text : `${characters.slice(0, SUBJECT_LENGTH - 1).join('')}…`;
}

/** Returns the human-readable part (RFC 6522 3), with CRLF. */
export function textPart(notice: NotificationFacts, facts: TextFacts): string {
  const { report, recipients } = notice;
  return [
    `This is the mail server ${facts.hostname}.`,
    '',
    ...summaryOf(notice, facts),
    '',
    ...recipients.flatMap((recipient) => [`  ${recipient.forwardPath}`, ...reason(notice.kind, recipient)]),
    '',
    'Your message:',
    '',
    ...(facts.subject === null ? [] : [`  Subject:    ${shortened(facts.subject)}`]),
    `  Sent:       ${formatDate(report.receivedAt)}`,
    ...(report.messageId === null ? [] : [`  Message-ID: ${report.messageId}`]),
    ...(report.terms.envelopeId === null ? [] : [`  Your name for it: ${report.terms.envelopeId}`]),
    '',
    closing(facts),
    '',
  ]
    .map((line) => line.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' '))
    .join('\r\n');
}

function summaryOf({ kind }: NotificationFacts, { retryUntil }: TextFacts): string[] {
  switch (kind) {
    case 'failed':
      return [
        'Your message could not be delivered to the recipients below. It will',
        'not be tried again: if it still matters, correct what is wrong and send',
        'it anew.',
      ];
    case 'delayed':
      return [
        'Your message has not been delivered yet to the recipients below. There',
        'is nothing for you to do: it is tried again, until',
        `${formatDate(retryUntil)}.`,
      ];
    case 'delivered':
      return ['Your message has been delivered to the recipients below.'];
    case 'relayed':
      return [
        'Your message has been handed on for the recipients below, to servers',
        'that do not tell what becomes of it: no further notification of success',
        'will come.',
      ];
  }
}

function reason(kind: ReportKind, { attempt: { remoteHost, reply } }: ReportedRecipient): string[] {
  if (kind === 'relayed') return remoteHost === null ? [] : [`    taken by ${remoteHost}`];
  if (kind === 'delivered' || reply === '') return [];
  // If a text begins with an enhanced code alone, Postern itself wrote it: a reply has a code before it.
  const own = remoteHost === null || /^[245]\.\d{1,3}\.\d{1,3}\s/.test(reply);
  return [own ? `    ${reply}` : `    ${remoteHost} said: ${reply}`];
}

function closing({ returned }: TextFacts): string {
  switch (returned) {
    case 'message':
      return 'Attached: the same for programs, and your message.';
    case 'header':
      return 'Attached: the same for programs, and the header of your message.';
    case 'nothing':
      return 'Attached: the same for programs.';
  }
}
