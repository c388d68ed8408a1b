import type { ReportKind } from '../../store/queue.js';
import type { Notice } from './notice.js';

/** The class that each kind has: RFC 3463 3.1, RFC 3464 2.3.4. */
const CLASS: Readonly<Record<ReportKind, '2' | '4' | '5'>> = {
  failed: '5',
  delayed: '4',
  delivered: '2',
  relayed: '2',
};

/** A reply that begins with a code (RFC 5321 4.2) or not, and then an enhanced one (RFC 3463 2). */
const ENHANCED = /^(?:\d{3}[ -])?[245](\.\d{1,3}\.\d{1,3})(?![\d.])/;

/** What the Status field says of a recipient: the code of the reply, of the class that fits the kind. */
export function statusOf({ kind, report }: Notice, { at, reply }: { at: number; reply: string }): string {
  const { deliverBy } = report.terms;
  // RFC 2852 4.1.3
  if (kind === 'delayed' && deliverBy?.otherwise === 'notify' && at >= deliverBy.time) return '4.4.7';
  return CLASS[kind] + (ENHANCED.exec(reply)?.[1] ?? '.0.0');
}
