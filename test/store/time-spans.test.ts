import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { idOfTime, timeOfId } from '../../src/store/intake/ids.js';
import { openDatabase, type Database } from '../../src/store/sqlite/worker/database.js';
import { TimeSpans } from '../../src/store/sqlite/worker/time-spans.js';
import { tempFolder } from './fixtures.js';

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const ALL = { below: Number.MAX_SAFE_INTEGER, above: 0 };

describe('the range of ids of a time', () => {
  let folder: ReturnType<typeof tempFolder>;
  let database: Database;
  beforeEach(() => {
    folder = tempFolder();
    database = openDatabase(folder.path);
  });
  afterEach(() => {
    database.close();
    folder.remove();
  });

  // Invariant: whatever the clock did, no message of a time is outside of the range of that time.
  it('has every message that came in then', () => {
    const message = fc.record({
      given: fc.integer({ min: 0, max: 50 * HOUR }),
      distance: fc.oneof(fc.integer({ min: -3000, max: 0 }), fc.integer({ min: -30 * HOUR, max: 30 * HOUR })),
    });
    const time = fc.option(fc.integer({ min: -2 * HOUR, max: 60 * HOUR }), { nil: null });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 12 }),
        time,
        time,
        fc.boolean(),
        (added, from, to, again) => {
          database.exec('DELETE FROM time_span');
          let spans = new TimeSpans(database);
          const messages = added.map(({ given, distance }) => ({
            id: idOfTime(START + given),
            receivedAt: START + given + distance,
          }));
          for (const [at, { id, receivedAt }] of messages.entries()) {
            // As if another process went on, or a transaction had been taken back.
            if (again && at % 3 === 0) spans = new TimeSpans(database);
            spans.add(id, receivedAt);
          }
          const [since, until] = [from, to].map((each) => (each === null ? null : START + each));
          const { below, above } = spans.narrow(ALL, since ?? null, until ?? null);
          const missing = messages.filter(
            ({ id, receivedAt }) =>
              receivedAt >= (since ?? -Infinity) &&
              receivedAt < (until ?? Infinity) &&
              !(id < below && id > above),
          );
          expect(missing).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is narrow if messages come in when their ids are given out', () => {
    const spans = new TimeSpans(database);
    for (let hour = 0; hour < 100; hour++) {
      spans.add(idOfTime(START + hour * HOUR), START + hour * HOUR - 5);
    }
    const { below, above } = spans.narrow(ALL, START + 20 * HOUR, START + 30 * HOUR);
    expect(timeOfId(above) - START).toBeGreaterThanOrEqual(20 * HOUR - 1000);
    expect(timeOfId(below) - START).toBeLessThanOrEqual(30 * HOUR + 1000);
    expect(spans.narrow(ALL, START + 200 * HOUR, null).above).toBe(Number.MAX_SAFE_INTEGER - 1);
  });
});
