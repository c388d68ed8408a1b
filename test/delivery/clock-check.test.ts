import { expect, it } from 'vitest';
import { ClockCheck } from '../../src/delivery/clock-check.js';

/** Returns the answers of a check that looks at these readings of the clock and of the steady clock. */
function answers(...readings: readonly (readonly [number, number])[]): boolean[] {
  let index = 0;
  const check = new ClockCheck(
    () => readings[index]?.[0] ?? 0,
    () => readings[index]?.[1] ?? 0,
  );
  return readings.map((_, at) => {
    index = at;
    return check.wasPutBack();
  });
}

it('reports a clock that was put back at the first look, and for each time that it is', () => {
  expect(answers([50_000, 0], [60_000, 10_000], [10_000, 20_000], [20_000, 30_000])).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

it('reports it once more when what was computed before is written', () => {
  expect(answers([50_000, 0], [10_000, 1_000], [28_000, 19_000], [31_000, 22_000], [91_000, 82_000])).toEqual(
    [true, true, false, true, false],
  );
});

it('reports neither a clock that was put forward nor one that drifts', () => {
  expect(answers([0, 0], [90_000, 10_000], [99_100, 20_000])).toEqual([true, false, false]);
});
