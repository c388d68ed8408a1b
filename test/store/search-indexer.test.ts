// The index of words gives way to accepts on a machine with one core, and catches up afterwards.
import { describe, expect, it } from 'vitest';
import { pauseAfter } from '../../src/store/sqlite/main/search-indexer.js';

const step = (more: boolean, behind = 0) => ({ journal: 1, more, behind });

describe('the index of words', () => {
  it('pauses between two steps on one core while messages come in', () => {
    expect(pauseAfter(step(true, 10), 5, true, 1)).toBeGreaterThan(100);
  });

  it('pauses longer after a step that took longer, within bounds', () => {
    expect(pauseAfter(step(true, 10), 50, true, 1)).toBe(1_000);
    expect(pauseAfter(step(true, 10), 10_000, true, 1)).toBe(5_000);
  });

  it('goes on at once if no message came in, if there are more cores, or if it is far behind', () => {
    expect(pauseAfter(step(true, 10), 20, false, 1)).toBe(0);
    expect(pauseAfter(step(true, 10), 20, true, 2)).toBe(0);
    expect(pauseAfter(step(true, 1_000_000), 20, true, 1)).toBe(0);
  });

  it('gathers messages for its next step, and looks now and then for those of other processes', () => {
    expect(pauseAfter(step(false), 20, true, 2)).toBeGreaterThan(0);
    expect(pauseAfter(step(false), 20, false, 2)).toBeGreaterThan(pauseAfter(step(false), 20, true, 2));
  });
});
