import type { TagEntry } from './tag-statistics.js';

const HEADER = [
  ...['tag', 'messages', 'recipients', 'delivered', 'deferred', 'bounced', 'cancelled'],
  ...['delivery_rate', 'bounce_rate', 'p50_ms', 'p95_ms'],
];

/** Returns the table as CSV (RFC 4180). */
export function csvOf(tags: readonly TagEntry[]): string {
  const rows = tags.map(({ tag, accepted, timeToDelivery, ...counts }) => [
    ...[
      tag,
      accepted,
      counts.recipients,
      counts.delivered,
      counts.deferred,
      counts.bounced,
      counts.cancelled,
    ],
    ...[counts.deliveryRate, counts.bounceRate, timeToDelivery.p50, timeToDelivery.p95],
  ]);
  return [HEADER, ...rows].map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
}

/** A spreadsheet runs text that begins like a formula, and a tag is text of anyone who may send: it gets an apostrophe. */
function cellOf(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** Lets the browser save a text as a file. */
export function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
