// The goals and what was measured, as the table of docs/performance.md.
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
      const { least, most, found } = goal;
      const wanted = least === undefined ? `≤ ${most}` : `≥ ${least}`;
      return [[title, text.slice(0, text.indexOf(':')), wanted, found.toFixed(2), '', stolenCell(stolen)]];
    }),
  );
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(['scenario', 'ratio', 'goal', 'found', 'by processor time', 'machine lent out']),
    line(Array.from({ length: 6 }, () => '---')),
    ...[...rows, ...sideRows].map(line),
  ].join('\n');
}

function stolenCell(stolen) {
  return stolen === null || stolen === undefined ? '' : percent(stolen);
}
