/** The times at which messages of an open loop start. */
export interface Schedule {
  /** Messages a second, after the ramp. */
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
  { perSecond, arrivals, ramp }: Schedule,
  random: () => number,
  share: { readonly index: number; readonly of: number } = { index: 0, of: 1 },
): () => number {
  const perMs = perSecond / 1000 / share.of;
  // In units of one message at an even rate: 1, 2, 3, ...; for `poisson` the gaps are exponentially distributed.
  let position = arrivals === 'fixed' ? share.index / share.of - 1 : 0;
  return () => {
    position += arrivals === 'fixed' ? 1 : -Math.log(1 - random());
    return timeOf(position, perMs, ramp);
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
