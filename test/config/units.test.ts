import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/config/duration.js';
import { formatSize, parseSize } from '../../src/config/size.js';

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['48h', 172_800_000],
    ['7d', 604_800_000],
    ['0', 0],
    ['0s', 0],
    ['1 s', 1000],
  ])('reads %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', '5', '-1s', '1.5s', '5M', '1h30m', 's', '1s ago', '99999999999999999d', '900000000000000d'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('reads back every duration that it writes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.maxSafeNat(),
          fc.nat(10_000).map((n) => n * 60_000),
        ),
        (milliseconds) => {
          expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
        },
      ),
    );
  });

  it('writes the longest unit that loses nothing', () => {
    expect([0, 1, 1000, 90_000, 3_600_000, 172_800_000].map(formatDuration)).toEqual(
      ['0s', '1ms', '1s', '90s', '1h', '2d'], // prettier-ignore
    );
  });
});

describe('sizes', () => {
  it.each([
    ['50MiB', 52_428_800],
    ['10MB', 10_000_000],
    ['512KiB', 524_288],
    ['1kb', 1000],
    ['2GiB', 2_147_483_648],
    ['3GB', 3_000_000_000],
    ['100', 100],
    ['100B', 100],
    ['1 MiB', 1_048_576],
  ])('reads %s', (text, octets) => {
    expect(parseSize(text)).toBe(octets);
  });

  it.each(['', '50M', '-1', '1.5MiB', 'MiB', '1TiB', '0x10', '9999999999999999GiB'])('refuses %j', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  it('reads back every size that it writes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.maxSafeNat(),
          fc.nat(100_000).map((n) => n * 1024),
        ),
        (octets) => {
          expect(parseSize(formatSize(octets))).toBe(octets);
        },
      ),
    );
  });

  it('writes the greatest unit that loses nothing', () => {
    expect([0, 999, 1000, 1024, 52_428_800].map(formatSize)).toEqual(['0', '999', '1KB', '1KiB', '50MiB']);
  });
});
