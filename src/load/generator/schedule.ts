/** A time within which the rate changes linearly to another one. */
export interface Stage {
  /** Milliseconds. */
  readonly duration: number;
  /** Messages a second at its end. */
  readonly perSecond: number;
}

/** The form of stages, for error messages. */
export const STAGES_FORM =
  'DURATION:RATE, or several with commas, such as 10s:200,1m:200,10s:0: the rate changes evenly to RATE within DURATION';

/** The times at which messages of an open loop start. */
export interface Schedule {
  /** If given, the rate follows these stages from 0 on, and ends with the last one. */
  readonly stages?: readonly Stage[];
  /** Messages a second, after the ramp; the highest rate of the stages. */
  readonly perSecond: number;
  /** `fixed`: evenly spaced; `poisson`: as from many independent senders. */
  readonly arrivals: 'fixed' | 'poisson';
  /** Milliseconds over which the rate rises linearly from 0. */
  readonly ramp: number;
}

/**
 * Returns a function that returns the intended starts one after the other, in milliseconds from the beginning of the
 * run. They depend on nothing that happens: if a server stalls, the messages that are due meanwhile stay due.
 *
 * @param random returns numbers from 0 up to 1; used for `poisson`
 * @param share which of how many equal parts of the load these are; fixed arrivals of all parts together are even
 */
export function intendedStarts(
  { perSecond, arrivals, ramp, stages }: Schedule,
  random: () => number,
  share: { readonly index: number; readonly of: number } = { index: 0, of: 1 },
): () => number {
  const perMs = perSecond / 1000 / share.of;
  // In units of one message at an even rate: 1, 2, 3, ...; for `poisson` the gaps are exponentially distributed.
  let position = arrivals === 'fixed' ? share.index / share.of - 1 : 0;
  return () => {
    position += arrivals === 'fixed' ? 1 : -Math.log(1 - random());
    return stages === undefined ? timeOf(position, perMs, ramp) : timeInStages(position * share.of, stages);
  };
}

/**
 * Returns when that many messages are due, if the rate rises over the ramp. The number due is the area below the rate:
 * `rate·t²/2ramp` within the ramp, and `rate·(t − ramp/2)` after it.
 */
function timeOf(messages: number, perMs: number, ramp: number): number {
  const withinRamp = (perMs * ramp) / 2;
  if (messages >= withinRamp) return ramp / 2 + messages / perMs;
  return Math.sqrt((2 * messages * ramp) / perMs);
}

/**
 * Returns when that many messages of all parts are due, if the rate follows the stages; Infinity after the last one. The
 * number due is the area below the rate: `a·t + (b − a)·t²/2d` within a stage of length d that goes from a to b.
 */
function timeInStages(messages: number, stages: readonly Stage[]): number {
  let left = Math.max(0, messages);
  let began = 0;
  let from = 0;
  for (const { duration, perSecond } of stages) {
    const to = perSecond / 1000;
    const area = ((from + to) / 2) * duration;
    if (left < area) return began + timeWithin(left, from, (to - from) / duration);
    left -= area;
    began += duration;
    from = to;
  }
  return Infinity;
}

/** Solves `from·t + slope·t²/2 = area` for t. In this form it loses no digits where the slope is small. */
function timeWithin(area: number, from: number, slope: number): number {
  return area === 0 ? 0 : (2 * area) / (from + Math.sqrt(Math.max(0, from * from + 2 * slope * area)));
}
