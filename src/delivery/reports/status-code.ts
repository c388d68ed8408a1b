import type { ReportKind } from '../../store/queue.js';
import type { NotificationFacts } from './notice.js';

/** The class of the status code for each kind of notification (RFC 3463 3.1, RFC 3464 2.3.4). */
const CLASS: Readonly<Record<ReportKind, '2' | '4' | '5'>> = {
  failed: '5',
  delayed: '4',
  delivered: '2',
  relayed: '2',
};

/** An enhanced code (RFC 3463 2) at the beginning of a reply, after its code (RFC 5321 4.2) if it has one. */
const ENHANCED = /^(?:\d{3}[ -])?[245](\.\d{1,3}\.\d{1,3})(?![\d.])/;

/** Returns the Status field of a recipient: the enhanced code of the reply, with the class that fits the kind. */
export function statusOf(
  { kind, report }: NotificationFacts,
  { at, reply }: { at: number; reply: string },
): string {
  const { deliverBy } = report.terms;
  // RFC 2852 4.1.3
  if (kind === 'delayed' && deliverBy?.otherwise === 'notify' && at >= deliverBy.time) return '4.4.7';
  return CLASS[kind] + (ENHANCED.exec(reply)?.[1] ?? '.0.0');
}
