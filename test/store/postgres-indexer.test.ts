// How long the index of words of PostgreSQL gives way to messages that come in.
import { describe, expect, it } from 'vitest';
import { pauseAfter } from '../../src/store/postgres/search/indexer.js';
import { MOST_WAITING } from '../../src/store/postgres/search/text-index.js';

const STEP = 20;
const IDLE = 0.5;
const BUSY = 0.9;

describe('the index of words', () => {
  it('rests several times as long as its step took, and a second at most', () => {
    expect(pauseAfter(STEP, 0, IDLE)).toBeGreaterThan(2 * STEP);
    expect(pauseAfter(60_000, 0, IDLE)).toBe(1000);
  });

  it('rests until 10,000 messages wait while the process has idle time', () => {
    expect(pauseAfter(STEP, 9_999, IDLE)).toBeGreaterThan(0);
    expect(pauseAfter(STEP, 10_000, IDLE)).toBe(0);
  });

  it('rests until 100,000 messages wait while the process is busy', () => {
    expect(pauseAfter(STEP, 99_999, BUSY)).toBeGreaterThan(0);
    expect(pauseAfter(STEP, 100_000, BUSY)).toBe(0);
  });

  it('catches up before it is too far behind to be used', () => {
    expect(pauseAfter(STEP, MOST_WAITING - 1, 1)).toBe(0);
  });
});
