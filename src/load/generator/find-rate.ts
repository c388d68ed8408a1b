import { judge, type Threshold } from '../report/thresholds.js';
import type { Report } from '../report/report.js';
import type { Plan } from './plan.js';

/** Runs a plan; the plan's schedule has the rate. */
export type RateRun = (plan: Plan) => Promise<Report>;

/** The search ends if the highest rate that is met and the lowest one that fails differ by less than this share. */
const PRECISION = 0.05;
/** The lowest and the highest rate that are tried, in messages a second. */
const LOWEST = 1;
const HIGHEST = 1_000_000;

/**
 * Finds the highest rate at which no threshold fails. It doubles the rate of the plan until a run fails, or halves it
 * until a run does not, and then halves the gap between the two.
 *
 * A run that the generator limits counts as failed: at such a rate the figures are not those of the server. So does a
 * run in which no message was accepted: its latency is that of refusals.
 *
 * @param plan its schedule has the first rate
 * @returns the report of the best run; null if the lowest rate fails, too
 */
export async function findRate(
  plan: Plan,
  thresholds: readonly Threshold[],
  run: RateRun,
): Promise<Report | null> {
  let best: Report | null = null;
  let met = 0;
  let failing = Infinity;
  let rate = plan.schedule?.perSecond ?? LOWEST;
  while (rate >= LOWEST && rate <= HIGHEST && failing - met > PRECISION * met) {
    const report = await run(atRate(plan, rate));
    const failed = judge(report, thresholds).some((one) => one.failed) || report.messages.accepted === 0;
    if (failed || report.generator.saturated) failing = rate;
    else {
      met = rate;
      best = report;
    }
    rate = met === 0 ? rate / 2 : failing === Infinity ? rate * 2 : (met + failing) / 2;
  }
  return best;
}

function atRate(plan: Plan, perSecond: number): Plan {
  const { arrivals = 'poisson', ramp = 0 } = plan.schedule ?? {};
  return { ...plan, schedule: { perSecond, arrivals, ramp } };
}
