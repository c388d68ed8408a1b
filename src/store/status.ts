/** The rules that make one status from those of several recipients. */
import type { Status } from './message.js';

/** Returns true if the status is final. */
export function isFinal(status: Status): boolean {
  return status === 'delivered' || status === 'bounced' || status === 'cancelled';
}

/** Returns true if a recipient with this status is to be delivered to, now or later. */
export function isWaiting(status: Status): status is 'queued' | 'deferred' {
  return status === 'queued' || status === 'deferred';
}

/** Statuses in the order in which they decide that of the message: what needs attention comes before what is done. */
const WEIGHTIEST: readonly Status[] = ['deferred', 'queued', 'held', 'bounced', 'cancelled', 'delivered'];

/** Returns the status of a message with recipients of these statuses, of which there is at least one. */
export function statusOf(recipients: readonly Status[]): Status {
  return WEIGHTIEST.find((status) => recipients.includes(status)) ?? 'delivered';
}
