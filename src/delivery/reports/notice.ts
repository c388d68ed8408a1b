import type { OwedReport, ReportedRecipient, ReportKind } from '../../store/queue.js';

/** One notification to the sender of one message, about recipients with the same result. */
export interface NotificationFacts {
  readonly kind: ReportKind;
  readonly report: OwedReport;
  /** At least one, in the order of the envelope. */
  readonly recipients: readonly ReportedRecipient[];
}

/** Returns the notifications that are due for a message: one for each kind. */
export function noticesOf(report: OwedReport): NotificationFacts[] {
  const kinds = new Set(report.recipients.map((recipient) => recipient.report));
  return Array.from(kinds, (kind) => ({
    kind,
    report,
    recipients: report.recipients.filter((recipient) => recipient.report === kind),
  }));
}
