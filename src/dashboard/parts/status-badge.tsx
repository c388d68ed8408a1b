import type { VNode } from 'preact';
import type { MessageEntry } from '../../api/schemas/messages.js';
import { Badge, type BadgeProps } from './badge.js';

export const STATUS_NAMES: Readonly<Record<MessageEntry['status'], string>> = {
  queued: 'Queued',
  deferred: 'Deferred',
  delivered: 'Delivered',
  bounced: 'Bounced',
  held: 'Held',
  cancelled: 'Cancelled',
};

/** Explains each state to those who see the word for the first time. */
export const STATUS_MEANINGS: Readonly<Record<MessageEntry['status'], string>> = {
  queued: 'Waits for its first delivery',
  deferred: 'Could not be delivered yet, and will be tried again',
  delivered: 'Accepted by the server of the recipient',
  bounced: 'Refused for good',
  held: 'Stays here until it is released: delivery was off when it came in, or no route took it',
  cancelled: 'Given up by a person',
};

const KINDS: Readonly<Record<MessageEntry['status'], BadgeProps['kind']>> = {
  queued: 'busy',
  deferred: 'warning',
  delivered: 'good',
  bounced: 'bad',
  held: 'warning',
  cancelled: 'quiet',
};
const OPEN: ReadonlySet<MessageEntry['status']> = new Set<MessageEntry['status']>([
  'queued',
  'deferred',
  'held',
]);

/** The state of a message or recipient. */
export function StatusBadge({ status }: { readonly status: MessageEntry['status'] }): VNode {
  return (
    <Badge kind={KINDS[status]} open={OPEN.has(status)} title={STATUS_MEANINGS[status]}>
      {STATUS_NAMES[status]}
    </Badge>
  );
}
