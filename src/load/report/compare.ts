import { count, figure, octets, percent, time } from './format.js';
import type { Report } from './report.js';
import { loadOf } from './text.js';

interface Row {
  readonly name: string;
  readonly of: (report: Report) => number;
  readonly show: (value: number) => string;
}

/** A time that was not measured is 0 in a report: no message was accepted, or no connection opened. */
const measured = (microseconds: number): string => (microseconds === 0 ? '-' : time(microseconds));

const ROWS: readonly Row[] = [
  { name: 'messages/s', of: (report) => report.messagesPerSecond, show: figure },
  { name: 'octets/s', of: (report) => report.octetsPerSecond, show: octets },
  { name: 'latency p50', of: (report) => report.latency.p50, show: measured },
  { name: 'latency p90', of: (report) => report.latency.p90, show: measured },
  { name: 'latency p99', of: (report) => report.latency.p99, show: measured },
  { name: 'latency p99.9', of: (report) => report.latency.p99_9, show: measured },
  { name: 'latency max', of: (report) => report.latency.max, show: measured },
  { name: 'connection p50', of: (report) => report.setup.p50, show: measured },
  { name: 'refused', of: (report) => report.messages.refused, show: count },
  { name: 'lost', of: (report) => report.messages.lost, show: count },
  { name: 'generator, busy', of: (report) => report.generator.busiest, show: percent },
];

/** A report and the name of its file. */
export type Named = readonly [name: string, report: Report];

/** Returns the figures of two runs in words: the name of the figure, of the first, of the second, and their ratio. */
export function comparedRows(a: Report, b: Report): string[][] {
  return ROWS.map(({ name, of, show }) => {
    const [shownA, shownB] = [show(of(a)), show(of(b))];
    const known = shownA !== '-' && shownB !== '-';
    return [name, shownA, shownB, known ? ratio(of(a), of(b)) : '-'];
  });
}

/** Returns two runs side by side, with the ratio of the second to the first. */
export function compareText([nameA, a]: Named, [nameB, b]: Named): string {
  const table = [['', 'A', 'B', 'B / A'], ...comparedRows(a, b)];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const settings = differences(a, b);
  return [
    `A  ${nameA}: ${a.target}, ${a.startedAt}, ${loadOf(a)}`,
    `B  ${nameB}: ${b.target}, ${b.startedAt}, ${loadOf(b)}`,
    ...(settings.length === 0 ? [] : [`!  not the same: ${settings.join(', ')}`]),
    '',
    ...table.map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    ),
    '',
  ].join('\n');
}

function ratio(a: number, b: number): string {
  if (a === 0) return b === 0 ? '=' : '-';
  return `${(b / a).toFixed(2)}×`;
}

/** Returns the settings in which the two runs differ, and the machines if those differ. */
export function differences(a: Report, b: Report): string[] {
  const flat = ({ settings, host }: Report): Record<string, unknown> => ({ ...settings, ...host });
  const [these, those] = [flat(a), flat(b)];
  const differ = Object.keys(these).filter(
    (name) => JSON.stringify(these[name]) !== JSON.stringify(those[name]),
  );
  // By the name of its option.
  return differ.map((name) => (name === 'own' ? 'message' : name));
}
