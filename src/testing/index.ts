/**
 * A mail server for tests: start it on a free port, let the app send to it, and wait for what it sent.
 *
 * @packageDocumentation
 */
export { type Criteria, type MessageCriteria, type TextCriterion } from './criteria.js';
export { Inbox, type NoneOptions, type WaitOptions } from './inbox.js';
export { mailMatchers, type MatcherResult } from './matchers.js';
export { type Arrival, type MailAttachment, MailMessage } from './message.js';
export { startMail, type StartMailOptions, TestMail } from './test-mail.js';
export type { FailOptions, Moment, Phase, Trouble, TroubleOptions } from './troubles.js';
