// Loads on gateways in turns.
import { median, pairedRatio } from '../suite/statistics.mjs';
import { load } from './gateway.mjs';

/** The medians of the figures of some runs. */
export function medians(runs) {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run[name]))]));
}

/**
 * Loads gateways in turns, and compares their figures with those of the first. A side may have something to do `before` each
 * of its loads.
 */
export async function inTurns(sides, words, { rounds, seconds }) {
  // The first round is not counted: code is compiled, and connections are opened.
  for (let round = -1; round < rounds; round++) {
    for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
      await side.before?.();
      const run = await load(side.gateways, words, seconds);
      if (round >= 0) side.runs.push(run);
    }
  }
  const [base] = sides;
  const paired = (of, to, name) =>
    pairedRatio(
      of.map((run) => name(run)),
      to.map((run) => name(run)),
    ).ratio;
  return sides.map(({ name, runs }) => ({
    side: name,
    ...medians(runs),
    rateRatio: paired(runs, base.runs, ({ rate }) => rate),
    p99Ratio: paired(runs, base.runs, ({ p99 }) => p99),
    timeRatio: paired(runs, base.runs, ({ gatewayMicros, databaseMicros }) => gatewayMicros + databaseMicros),
  }));
}

/** A row of figures: one gateway, or several that share one database. */
export function side(name, ...gateways) {
  return { name, gateways, runs: [] };
}
