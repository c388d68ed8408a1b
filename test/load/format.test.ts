import { expect, it } from 'vitest';
import { duration, figure, octets, time } from '../../src/load/report/format.js';

it.each([
  [0, '0.00 s'],
  [9.8, '9.80 s'],
  [99.4, '99.4 s'],
  [99.7, '1 min 40 s'],
  [119.4, '1 min 59 s'],
  [119.7, '2 min 0 s'],
  [3_600, '60 min 0 s'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

it.each([
  [0, '0'],
  [1.2344, '1.234'],
  [12.34, '12.34'],
  [999.94, '999.9'],
  [999.96, '1,000'],
  [12_345.4, '12,345'],
])('%d is written %s', (value, text) => {
  expect(figure(value)).toBe(text);
});

it('times and sizes have the unit that suits', () => {
  expect([85, 1_234, 2_100_000].map(time)).toEqual(['85 µs', '1.23 ms', '2.10 s']);
  expect([512, 1536, 12.3 * 1024 ** 2, 5 * 1024 ** 3].map(octets)).toEqual([
    '512 B',
    '1.50 KiB',
    '12.3 MiB',
    '5.00 GiB',
  ]);
});
