import { count, duration, figure, time } from '../../load/report/format.js';
import { INTERVAL, type Plan, type Progress } from '../../load/index.js';
import type { Output } from '../output.js';

/** Milliseconds between two updates. */
const REFRESH = 250;
/** Intervals from which the current figures are computed: one second. */
const RECENT = 4;
const CLEAR_LINE = '\r\x1b[2K';

/**
 * Shows the progress of a run on one line if standard error is a terminal; otherwise does nothing.
 *
 * @returns a function that ends the display
 */
export function showProgress(stderr: Output, plan: Plan, progress: Progress): () => void {
  if (stderr.columns === undefined) return () => undefined;
  // Some terminals report a width of 0, and have the usual one.
  const columns = stderr.columns || 80;
  const show = (text: string): void => {
    stderr.write(`${CLEAR_LINE}${text.slice(0, columns - 1)}`).catch(() => undefined);
  };
  const timer = setInterval(() => show(progressLine(plan, progress)), REFRESH);
  return () => {
    clearInterval(timer);
    show('');
  };
}

/** Returns throughput, messages in flight, latency and errors, in the width of a narrow terminal. */
function progressLine(plan: Plan, { tally, inFlight, elapsed, stopping }: Progress): string {
  const recent = tally.recent(RECENT);
  const seconds = (recent.length * INTERVAL) / 1000;
  const accepted = recent.reduce((sum, point) => sum + point.accepted, 0);
  const last = [...recent].reverse().find(({ p50 }) => p50 !== null);
  const failed = sumOf(tally, 'refused') + sumOf(tally, 'lost') + sumOf(tally, 'notOpened');
  const whole = plan.duration === null ? '' : ` of ${duration(plan.duration / 1000)}`;
  const of = plan.messages === null ? '' : ` of ${count(plan.messages)}`;
  if (stopping) return `stopping · ${count(inFlight)} in flight · Ctrl-C again ends it without a report`;
  return [
    `${elapsed.toFixed(0)} s${whole}${elapsed * 1000 < plan.warmup ? ' (warm-up)' : ''}`,
    `${count(sumOf(tally, 'accepted'))}${of} accepted`,
    `${seconds === 0 ? '-' : figure(accepted / seconds)}/s`,
    `${count(inFlight)} in flight`,
    `p50 ${shown(last?.p50)}`,
    `p99 ${shown(last?.p99)}`,
    `${count(failed)} errors`,
  ].join(' · ');
}

function shown(microseconds: number | null | undefined): string {
  return typeof microseconds === 'number' ? time(microseconds) : '-';
}

function sumOf({ counts, warmup }: Progress['tally'], name: keyof Progress['tally']['counts']): number {
  return counts[name] + warmup[name];
}
