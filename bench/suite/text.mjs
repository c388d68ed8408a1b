// Results as text.

export function scenarioText({ title, contestants, missing, goals, witness, stolen }) {
  const lines = ['', title];
  const width = Math.max(...contestants.map(({ name }) => name.length), 8);
  const head = ['messages/s', '±', 'server µs', 'p50 ms', 'p99 ms', 'generator'];
  lines.push(`  ${''.padEnd(width)} ${head.map((word) => word.padStart(10)).join(' ')}`);
  for (const entry of contestants) {
    const cells = [
      entry.rate.toFixed(entry.rate < 100 ? 1 : 0),
      percent(entry.spread),
      entry.processorTime === null ? '' : entry.processorTime.toFixed(1),
      (entry.p50 / 1000).toFixed(2),
      (entry.p99 / 1000).toFixed(2),
      percent(entry.generatorBusy),
    ];
    lines.push(`  ${entry.name.padEnd(width)} ${cells.map((cell) => cell.padStart(10)).join(' ')}`);
  }
  for (const [name, why] of Object.entries(missing)) lines.push(`  ${name.padEnd(width)} not here: ${why}`);
  if (witness !== null) {
    const ours = contestants.find(({ name }) => name === 'postern');
    lines.push(
      `  by smtp-source ${witness.rate.toFixed(0)}/s, ${(witness.rate / ours.rate).toFixed(2)} of our generator's figure for postern`,
    );
  }
  for (const line of [...goals.map(goalText), ...stolenText(stolen)]) lines.push(`  ${line}`);
  return lines.join('\n');
}

export function goalText({ subject, against, least, ratio, spread, costRatio, met }) {
  const cost = costRatio === null ? '' : `; by the server's processor time ${costRatio.toFixed(2)}`;
  return (
    `${met ? 'reached' : 'SHORT  '} ${subject} to ${against}: ${ratio.toFixed(2)} ` +
    `(± ${percent(spread)}, goal ${least})${cost}`
  );
}

/** More than this, and figures swing by it: a virtual machine whose host is busy. */
const MUCH_STOLEN = 0.05;

/** Returns a line if the host took much of the machine's time, else nothing. */
export function stolenText(stolen) {
  if (stolen === null || stolen === undefined || stolen < MUCH_STOLEN) return [];
  return [`the host of this machine gave ${percent(stolen)} of its processor time to others meanwhile`];
}

export function percent(part) {
  return `${(part * 100).toFixed(0)}%`;
}
