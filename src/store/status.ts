/** What the statuses of recipients mean together. */
import type { Status } from './message.js';

/** True where nothing more can become of a recipient. */
export function isFinal(status: Status): boolean {
  return status === 'delivered' || status === 'bounced' || status === 'cancelled';
}

/** True where a recipient is to be delivered to, now or later. */
export function isWaiting(status: Status): status is 'queued' | 'deferred' {
  return status === 'queued' || status === 'deferred';
}

/** The first of these that a recipient has is what the message is: what needs attention goes before what is done. */
const WEIGHTIEST: readonly Status[] = ['deferred', 'queued', 'held', 'bounced', 'cancelled', 'delivered'];

/** The status of a message with such recipients, of which there is at least one. */
export function statusOf(recipients: readonly Status[]): Status {
  return WEIGHTIEST.find((status) => recipients.includes(status)) ?? 'delivered';
}
