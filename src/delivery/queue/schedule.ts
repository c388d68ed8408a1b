/**
 * Computes when to try again, and when to give up. Pure: clock and random numbers come from outside, so that every
 * schedule can be computed.
 *
 * A clock may jump. No decision here depends on two readings of it that are far apart, except for the age of a
 * message; an age below zero counts as zero. Nothing is given up without a try, and a gap is never shorter than the
 * first one of the policy, so that no jump makes a loop.
 */
import type { DeliveryTerms } from '../../store/port.js';
import { DELIVERY } from '../limits.js';

/** Times in milliseconds. */
export interface RetryPolicy {
  /** The first gap. */
  readonly base: number;
  /** The longest gap, before a random part of up to a quarter is added. */
  readonly max: number;
  /** How long a message is tried. */
  readonly expireAfter: number;
  /** The age of a message at which a sender that asked for it gets a report of the delay. */
  readonly delayAfter: number;
}

/** The properties of a message that decide how long it is tried. */
export interface MessageAge {
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly terms: Pick<DeliveryTerms, 'releaseAt' | 'deliverBy'>;
}

/** The largest random part of a gap, so that messages that failed together do not come back together. */
const JITTER = 0.25;

/**
 * Returns the gap after so many failed tries in a row.
 *
 * @param attempts from 1
 * @param chance from 0 up to, but not including, 1
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

/** Returns when the age of a message begins: when it was received or when it was released, whichever is later. */
export function startOf({ receivedAt, terms }: MessageAge): number {
  return Math.max(receivedAt, terms.releaseAt ?? receivedAt);
}

/** Returns when a message is given up, in milliseconds since the epoch. */
export function expiryOf(policy: RetryPolicy, message: MessageAge): number {
  return startOf(message) + policy.expireAfter;
}

/** Returns true if a message must not be delivered any more because its sender said so (RFC 2852, by-mode R). */
export function isTooLate({ terms: { deliverBy } }: MessageAge, now: number): boolean {
  return deliverBy !== null && deliverBy.otherwise === 'return' && now >= deliverBy.time;
}

/** Returns true if a sender that asks for reports of delays has to get one. */
export function isDelayed(policy: RetryPolicy, message: MessageAge, now: number): boolean {
  const { deliverBy } = message.terms;
  if (deliverBy?.otherwise === 'notify' && now >= deliverBy.time) return true;
  return now - startOf(message) >= policy.delayAfter;
}

/** The result of a deferral: another try, or the end. */
type NextTry = { readonly at: number } | 'expired';

/**
 * Returns when a recipient that was deferred at `now` is tried again.
 *
 * The last try is made when the message expires; another one is made at the time that the sender set, if there is one.
 * If a remote server asks for a longer wait, it is granted up to {@link DELIVERY.retryAfter}, and the last try may be
 * late.
 *
 * @param attempts number of tries so far, this one included
 * @param retryAfter milliseconds that the remote server asks to wait
 */
export function nextTry(
  policy: RetryPolicy,
  message: MessageAge,
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
    // If the time has nearly come, the try is made now.
    if (time > now && time < at) at = Math.max(time, now + policy.base);
  }
  const asked = Math.min(Math.max(0, retryAfter), DELIVERY.retryAfter.initial);
  return { at: Math.max(at, now + asked) };
}
