/**
 * When to try again, and when to give up. Pure: clock and chance come from outside, so that every schedule can
 * be computed.
 *
 * A clock may jump. No decision here depends on two readings of it that lie far apart, but for the age of a
 * message; an age below zero is none. Nothing is given up without a try, and a gap is never shorter than the
 * first one of the policy, so that no jump makes a loop.
 */
import type { DeliveryTerms } from '../../store/port.js';
import { DELIVERY } from '../limits.js';

/** Times in milliseconds. */
export interface RetryPolicy {
  /** The first gap. */
  readonly base: number;
  /** The longest gap, before chance makes it up to a quarter longer. */
  readonly max: number;
  /** For how long a message is tried. */
  readonly expireAfter: number;
  /** From what age on the sender is told that it takes long, where he asked for that. */
  readonly delayAfter: number;
}

/** What of a message decides how long it is tried. */
export interface Aged {
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly terms: Pick<DeliveryTerms, 'releaseAt' | 'deliverBy'>;
}

/** How much longer than it should be chance may make a gap: what fails together must not come back together. */
const JITTER = 0.25;

/**
 * The gap after so many tries in a row that failed.
 *
 * @param attempts from 1
 * @param chance from 0 up to, but not, 1
 */
export function gapAfter(policy: RetryPolicy, attempts: number, chance: number): number {
  const doubled = policy.base * 2 ** Math.max(0, attempts - 1);
  const gap = Math.max(policy.base, Math.min(policy.max, doubled));
  return Math.round(gap * (1 + JITTER * chance));
}

/** The longest gap there can be between two attempts, in milliseconds: of the schedule, or one that a server asked for. */
export function longestGap({ base, max }: RetryPolicy): number {
  return Math.max(Math.round(Math.max(base, max) * (1 + JITTER)), DELIVERY.retryAfter.initial);
}

/** From when the age of a message counts: it was taken in, or it was let go. */
export function startOf({ receivedAt, terms }: Aged): number {
  return Math.max(receivedAt, terms.releaseAt ?? receivedAt);
}

/** When a message is given up, in milliseconds since the epoch. */
export function expiryOf(policy: RetryPolicy, message: Aged): number {
  return startOf(message) + policy.expireAfter;
}

/** True once a message must not be delivered any more, for its sender said so (RFC 2852, by-mode R). */
export function isTooLate({ terms: { deliverBy } }: Aged, now: number): boolean {
  return deliverBy !== null && deliverBy.otherwise === 'return' && now >= deliverBy.time;
}

/** True once a sender who wants to know of delays is to be told of one. */
export function isDelayed(policy: RetryPolicy, message: Aged, now: number): boolean {
  const { deliverBy } = message.terms;
  if (deliverBy?.otherwise === 'notify' && now >= deliverBy.time) return true;
  return now - startOf(message) >= policy.delayAfter;
}

/** What a deferral comes to: another try, or the end. */
export type NextTry = { readonly at: number } | 'expired';

/**
 * When a recipient that was deferred at `now` is tried again.
 *
 * The last try is made when the message expires, and one where the sender set a time for it. A far side that
 * asks for peace has it, up to {@link DELIVERY.retryAfter}, and the last try then comes late.
 *
 * @param attempts how many tries there have been, this one included
 * @param retryAfter milliseconds of peace that the far side asks for
 */
export function nextTry(
  policy: RetryPolicy,
  message: Aged,
  {
    now,
    attempts,
    retryAfter,
    chance,
  }: { now: number; attempts: number; retryAfter: number; chance: number },
): NextTry {
  const expiry = expiryOf(policy, message);
  if (now >= expiry) return 'expired';
  let at = now + gapAfter(policy, attempts, chance);
  for (const time of [expiry, message.terms.deliverBy?.time ?? expiry]) {
    // A time that is nearly there has its try now.
    if (time > now && time < at) at = Math.max(time, now + policy.base);
  }
  const peace = Math.min(Math.max(0, retryAfter), DELIVERY.retryAfter.initial);
  return { at: Math.max(at, now + peace) };
}
