import type { Report } from './report.js';

/**
 * Returns the timeline as CSV (RFC 4180), one row for each interval: seconds from the beginning, counts of the interval,
 * and latencies in milliseconds, empty if no message ended.
 */
export function timelineCsv({ timeline, interval }: Report): string {
  const perSecond = 1000 / interval;
  const rows = timeline.map(({ at, accepted, failed, octets, p50, p99 }) =>
    [at, accepted, failed, octets, accepted * perSecond, milliseconds(p50), milliseconds(p99)].join(','),
  );
  return `${['seconds,accepted,failed,octets,accepted_per_second,p50_ms,p99_ms', ...rows].join('\r\n')}\r\n`;
}

function milliseconds(microseconds: number | null): string {
  return microseconds === null ? '' : String(microseconds / 1000);
}
