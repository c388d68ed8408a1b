/**
 * The rules of retention: which finished messages of a domain lose their content, or are removed, and in which order the
 * steps go through them. Adapters read the messages and do what the rules say.
 */
import type { DomainRetention } from './domain-records.js';
import type { Removed, Retention, RetentionRequest } from './retention.js';

/** Where a step begins: in a domain, with one of its two rules, with the message that comes after another one. */
export interface RemovalPosition {
  /** The first domain has a greater id than 0. */
  readonly domainId: number;
  /** `age`: what is too old; `octets`: the oldest content, while there is too much of it. */
  readonly rule: 'age' | 'octets';
  readonly after: number;
}

export interface RemovalStep extends Removed {
  /** Where the next one begins; null at the end. */
  readonly next: RemovalPosition | null;
}

/** The numbers that a step removed, and the last message that it looked at; null if the rule is done. */
export interface RemovalProgress extends Removed {
  readonly last: number | null;
}

export const NOTHING_REMOVED: RemovalProgress = { contents: 0, messages: 0, last: null };

/** Messages looked at in one step. */
export const STEP_MESSAGES = 200;
/** Octets of content removed in one step: some milliseconds. */
export const STEP_OCTETS = 4 * 1024 * 1024;

/** The columns of a finished message that decide. */
export interface OldMessage {
  readonly receivedAt: number;
  readonly contentRemoved: boolean;
}

export type RemovedPart = 'message' | 'content' | 'nothing';

/** Returns whether the rule of age can remove anything of a domain. */
export function hasAges(request: RetentionRequest, domain: DomainRetention): boolean {
  const { content, whole } = timesOf(request, domain);
  return content !== null || whole !== null;
}

/** Returns what the rule of age removes of a message. */
export function tooOld(message: OldMessage, request: RetentionRequest, domain: DomainRetention): RemovedPart {
  const { content, whole } = timesOf(request, domain);
  if (isBefore(message, whole)) return 'message';
  return !message.contentRemoved && isBefore(message, content) ? 'content' : 'nothing';
}

/** Returns where the step after one begins. */
export function positionAfter(
  domainId: number,
  rule: RemovalPosition['rule'],
  last: number | null,
): RemovalPosition {
  if (last !== null) return { domainId, rule, after: last };
  if (rule === 'age') return { domainId, rule: 'octets', after: 0 };
  return { domainId: domainId + 1, rule: 'age', after: 0 };
}

/** Makes the contract's call of steps: it goes on until one removes something, and the next call begins after it. */
export function inSteps(
  step: (request: RetentionRequest, position: RemovalPosition) => Promise<RemovalStep>,
): Retention['removeOld'] {
  const first: RemovalPosition = { domainId: 0, rule: 'age', after: 0 };
  let asked = '';
  let next = first;
  return async ({ now, contentBefore, messagesBefore }) => {
    const request = { now, contentBefore, messagesBefore };
    if (JSON.stringify(request) !== asked) next = first;
    asked = JSON.stringify(request);
    for (;;) {
      const { contents, messages, next: after } = await step(request, next);
      next = after ?? first;
      if (contents > 0 || messages > 0 || after === null) return { contents, messages };
    }
  };
}

function timesOf(
  { now, contentBefore, messagesBefore }: RetentionRequest,
  { contentAge, messageAge }: DomainRetention,
): { content: number | null; whole: number | null } {
  return {
    content: contentAge === null ? contentBefore : now - contentAge,
    whole: messageAge === null ? messagesBefore : now - messageAge,
  };
}

function isBefore({ receivedAt }: OldMessage, time: number | null): boolean {
  return time !== null && receivedAt < time;
}
