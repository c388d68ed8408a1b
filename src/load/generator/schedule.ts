/** When messages of an open loop are to start. */
export interface Schedule {
  /** Messages a second, once the ramp is over. */
  readonly perSecond: number;
  /** `fixed`: evenly; `poisson`: as from many senders who know nothing of each other. */
  readonly arrivals: 'fixed' | 'poisson';
  /** Milliseconds over which the rate rises from nothing, in a straight line. */
  readonly ramp: number;
}

/**
 * The intended starts, one behind the other, in milliseconds from the beginning of the run. They depend on
 * nothing that happens: a server that stalls does not put off what is due meanwhile.
 *
 * @param random from 0 up to 1; for `poisson`
 * @param share which of how many equal parts of the load these are: fixed arrivals of all together are even
 */
export function intendedStarts(
  { perSecond, arrivals, ramp }: Schedule,
  random: () => number,
  share: { readonly index: number; readonly of: number } = { index: 0, of: 1 },
): () => number {
  const perMs = perSecond / 1000 / share.of;
  // In units of one message at an even rate: 1, 2, 3, ... or, between each and the next, exponentially far.
  let position = arrivals === 'fixed' ? share.index / share.of - 1 : 0;
  return () => {
    position += arrivals === 'fixed' ? 1 : -Math.log(1 - random());
    return timeOf(position, perMs, ramp);
  };
}

/**
 * When that many messages are due, with a rate that rises over the ramp: the number due is the area below the
 * rate, which is `rate·t²/2ramp` within the ramp, and `rate·(t − ramp/2)` behind it.
 */
function timeOf(messages: number, perMs: number, ramp: number): number {
  const withinRamp = (perMs * ramp) / 2;
  if (messages >= withinRamp) return ramp / 2 + messages / perMs;
  return Math.sqrt((2 * messages * ramp) / perMs);
}
