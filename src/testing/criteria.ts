import { unknownName } from '../base/check-shape.js';
import { shown } from '../base/shown.js';
import type { MailMessage } from './message.js';

/** A text that something must contain, ignoring case; or an expression that must match it. */
export type TextCriterion = string | RegExp;

/** What a message must be like. Every member that is given must hold. */
export interface MessageCriteria {
  /** A recipient: an address of the envelope, of To or of Cc, as a whole and ignoring case; or an expression. */
  readonly to?: TextCriterion;
  /** The reverse-path or an address of From, as a whole and ignoring case; or an expression. */
  readonly from?: TextCriterion;
  readonly subject?: TextCriterion;
  /** In the plain text, or in the HTML. */
  readonly body?: TextCriterion;
  /** A tag, as a whole. */
  readonly tag?: string;
  /** The name of an attachment. */
  readonly attachment?: TextCriterion;
  /** The user name that the client gave by AUTH. */
  readonly user?: string;
}

/** {@link MessageCriteria}, or a function that says whether it is the message. */
export type Criteria = MessageCriteria | ((message: MailMessage) => boolean);

/** Returns the members that do not hold for this message; none if it is the message. */
export function differences(message: MailMessage, criteria: Criteria): string[] {
  if (typeof criteria === 'function') return criteria(message) ? [] : ['the function returns false'];
  return (Object.keys(criteria) as (keyof MessageCriteria)[]).filter(
    (name) => !CHECKS[name](message, criteria[name] as never),
  );
}

export function matches(message: MailMessage, criteria: Criteria): boolean {
  return differences(message, criteria).length === 0;
}

/**
 * Checks criteria before anything waits for them.
 *
 * @throws TypeError for an unknown member or a value of another type: the message names it
 */
export function checkCriteria(criteria: unknown): asserts criteria is Criteria {
  if (typeof criteria === 'function') return;
  // An expression, a list or a promise has no members, and would match every message.
  if (Object.prototype.toString.call(criteria) !== '[object Object]') {
    throw new TypeError(`criteria: expected an object such as { to }, or a function, got ${shown(criteria)}`);
  }
  for (const [name, value] of Object.entries(criteria as object) as [string, unknown][]) {
    if (!Object.hasOwn(CHECKS, name)) throw unknownName('criteria', 'member', name, Object.keys(CHECKS));
    // Undefined too is refused: a criterion that was forgotten would match every message.
    if (typeof value !== 'string' && !(value instanceof RegExp && name !== 'tag' && name !== 'user')) {
      const allowed = name === 'tag' || name === 'user' ? 'a string' : 'a string or a regular expression';
      throw new TypeError(`criteria: ${name} must be ${allowed}, got ${shown(value)}`);
    }
  }
}

/** Returns criteria as text, for an error. */
export function shownCriteria(criteria: Criteria): string {
  if (typeof criteria === 'function') return `the function ${criteria.name || '(anonymous)'}`;
  const members = Object.entries(criteria).map(
    ([name, value]) => `${name}: ${value instanceof RegExp ? String(value) : JSON.stringify(value)}`,
  );
  return members.length === 0 ? 'any message' : `{ ${members.join(', ')} }`;
}

type Checks = {
  readonly [Name in keyof MessageCriteria]-?: (
    message: MailMessage,
    wanted: NonNullable<MessageCriteria[Name]>,
  ) => boolean;
};

const CHECKS: Checks = {
  to: ({ recipients, to, cc }, wanted) =>
    [...recipients, ...to, ...cc].some((each) => isAddress(each, wanted)),
  from: ({ sender, from }, wanted) => [sender, ...from].some((each) => isAddress(each, wanted)),
  subject: ({ subject }, wanted) => contains(subject, wanted),
  body: ({ text, html }, wanted) => contains(text ?? '', wanted) || contains(html ?? '', wanted),
  tag: ({ tags }, wanted) => tags.includes(wanted),
  attachment: ({ attachments }, wanted) => attachments.some(({ name }) => contains(name, wanted)),
  user: ({ user }, wanted) => user === wanted,
};

function isAddress(address: string, wanted: TextCriterion): boolean {
  if (wanted instanceof RegExp) return contains(address, wanted);
  return address.toLowerCase() === wanted.toLowerCase();
}

function contains(text: string, wanted: TextCriterion): boolean {
  // `search` ignores lastIndex, so an expression with the flag g gives the same answer each time.
  if (wanted instanceof RegExp) return text.search(wanted) >= 0;
  return text.toLowerCase().includes(wanted.toLowerCase());
}
