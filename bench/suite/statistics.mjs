// Few runs, and a noisy machine: the median, and how far the runs lie apart.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Half the way from the least to the greatest, as a part of the median: "give or take". */
export function spread(values) {
  const middle = median(values);
  return middle === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / 2 / middle;
}

/**
 * The ratio of two figures that were measured in turns. Each pair gives a ratio, so that what slowed the machine
 * down for a while slowed both.
 */
export function pairedRatio(values, others) {
  const ratios = values.map((value, index) => value / others[index]);
  return { ratio: median(ratios), spread: spread(ratios) };
}

/** The least value that this part of the values does not exceed; null without values. */
export function percentile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null;
}
