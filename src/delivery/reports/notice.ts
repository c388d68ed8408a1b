import type { OwedReport, ReportedRecipient, ReportKind } from '../../store/queue.js';

/** One notification: to the sender of one message, about recipients of whom the same is to be told. */
export interface Notice {
  readonly kind: ReportKind;
  readonly report: OwedReport;
  /** At least one, in the order of the envelope. */
  readonly recipients: readonly ReportedRecipient[];
}

/** What is owed about a message, as notifications: one for each kind. */
export function noticesOf(report: OwedReport): Notice[] {
  const kinds = new Set(report.recipients.map((recipient) => recipient.report));
  return Array.from(kinds, (kind) => ({
    kind,
    report,
    recipients: report.recipients.filter((recipient) => recipient.report === kind),
  }));
}

/** True where a text can be sent as it is without SMTPUTF8. */
export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
