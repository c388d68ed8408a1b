// What was measured, as the tables of docs/performance.md.
import { CONTESTANTS } from './contestants.mjs';
import { percent } from './text.mjs';

export function goalsTable({ results, sides }) {
  const rows = results.flatMap(({ title, goals, stolen }) =>
    goals.map(({ subject, against, least, ratio, spread, costRatio }) => [
      title,
      `${subject} to ${against}`,
      `≥ ${least}`,
      `${ratio.toFixed(2)} (± ${percent(spread)})`,
      costRatio === null ? '' : costRatio.toFixed(2),
      stolenCell(stolen),
    ]),
  );
  const sideRows = sides.flatMap(({ title, findings, stolen }) =>
    findings.flatMap(({ text, goal }) => {
      if (goal === undefined) return [];
      const { least, most, found, name = text.slice(0, text.indexOf(':')) } = goal;
      const wanted = least === undefined ? `≤ ${most}` : `≥ ${least}`;
      return [[title, name, wanted, found.toFixed(2), '', stolenCell(stolen)]];
    }),
  );
  const head = ['scenario', 'ratio', 'goal', 'found', 'by processor time', 'machine lent out'];
  return table(head, [...rows, ...sideRows]);
}

function stolenCell(stolen) {
  return stolen === null || stolen === undefined ? '' : percent(stolen);
}

/** Messages a second of all scenarios. */
export function ratesTable({ results }) {
  const measured = new Set(results.flatMap(({ contestants }) => contestants.map(({ name }) => name)));
  const names = Object.keys(CONTESTANTS).filter((name) => measured.has(name));
  const rows = results.map(({ title, contestants }) => [
    title,
    ...names.map((wanted) => rate(contestants.find(({ name }) => name === wanted))),
  ]);
  return table(['messages a second', ...names], rows);
}

/** Throughput and memory by connections; empty for a run without those scenarios. */
export function growthTable({ results }) {
  const growth = results.filter(({ id }) => id.startsWith('growth-'));
  if (growth.length === 0) return '';
  const names = growth[0].contestants.map(({ name }) => name);
  const rows = growth.map(({ title, contestants }) => [
    title,
    ...names.map((wanted) => {
      const found = contestants.find(({ name }) => name === wanted);
      return `${rate(found)}, ${mebibytes(found?.memory)}`;
    }),
  ]);
  return table(['messages a second, and resident memory afterwards', ...names], rows);
}

/** Returns the findings of the scripts beside the scenarios, line by line. */
export function sidesList({ sides }) {
  return sides
    .flatMap(({ title, findings }) => [`- ${title}`, ...findings.map(({ text }) => `  - ${text}`)])
    .join('\n');
}

function rate(contestant) {
  return contestant === undefined ? '' : contestant.rate.toFixed(0);
}

function mebibytes(memory) {
  return typeof memory?.now === 'number' ? `${(memory.now / 2 ** 20).toFixed(0)} MiB` : 'unknown';
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
