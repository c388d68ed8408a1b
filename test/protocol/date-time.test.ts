import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDateTime, parseDateTime } from '../../src/protocol/grammar/date-time.js';

const MINUTE = 60_000;
const iso = (time: number) => new Date(time).toISOString();
const times = fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 30) });

describe('a date-time (RFC 3339)', () => {
  // Invariant: a time that the platform's own formatter wrote is read, in any time zone.
  it('is read to the millisecond, in any zone', () => {
    const offset = fc.integer({ min: -1439, max: 1439 });
    fc.assert(
      fc.property(times, offset, (time, offset) => {
        expect(parseDateTime(iso(time))).toBe(time);
        const size = Math.abs(offset);
        const zone = [Math.floor(size / 60), size % 60]
          .map((part) => String(part).padStart(2, '0'))
          .join(':');
        const local = iso(time + offset * MINUTE).replace('Z', `${offset < 0 ? '-' : '+'}${zone}`);
        if (/^\d{4}-/.test(local)) expect(parseDateTime(local)).toBe(time);
      }),
    );
  });

  it('is written to the second below, and read again', () => {
    fc.assert(
      fc.property(times, (time) => {
        expect(parseDateTime(formatDateTime(time))).toBe(Math.floor(time / 1000) * 1000);
      }),
    );
    expect(formatDateTime(Date.UTC(2026, 0, 31, 9))).toBe('2026-01-31T09:00:00Z');
  });

  it.each([
    ['2026-01-31t09:00:00z', '2026-01-31T09:00:00.000Z'],
    ['2026-01-31T09:00:00.5Z', '2026-01-31T09:00:00.500Z'],
    ['2026-01-31T09:00:00.123456789Z', '2026-01-31T09:00:00.123Z'],
    ['2028-02-29T00:00:00-00:00', '2028-02-29T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(iso(parseDateTime(text) ?? NaN)).toBe(expected);
  });

  it.each([
    ...['', '2026-01-31', '2026-01-31T09:00:00', '2026-01-31 09:00:00Z', '2026-01-31T09:00Z', '1767229200'],
    ...['2026-13-01T00:00:00Z', '2026-00-01T00:00:00Z', '2026-02-29T00:00:00Z', '2026-01-32T00:00:00Z'],
    ...['2026-01-31T24:00:00Z', '2026-01-31T09:60:00Z', '2026-01-31T09:00:61Z', '2026-01-31T09:00:00.Z'],
    ...[
      '2026-01-31T09:00:00+24:00',
      '2026-01-31T09:00:00+01:60',
      '2026-01-31T09:00:00+0100',
      ' 2026-01-31T09:00:00Z',
    ],
  ])('rejects "%s"', (text) => {
    expect(parseDateTime(text)).toBeNull();
  });
});
