import { expect, it } from 'vitest';
import { normalizeDomain } from '../../src/message/domain.js';

it.each([
  ['Example.COM', 'example.com'],
  ['example.com.', 'example.com'],
  ['Bücher.example', 'xn--bcher-kva.example'],
  ['bu\u0308cher.example', 'xn--bcher-kva.example'],
  ['XN--Bcher-kva.example', 'xn--bcher-kva.example'],
  ['人.中国', 'xn--gmq.xn--fiqs8s'],
])('normalizes %j to %j', (name, normalized) => {
  expect(normalizeDomain(name)).toBe(normalized);
});

// A URL host parser turns each of these into example.com, or into a number.
it.each(['ex%61mple.com', 'example.com/theirs', 'example.com?', 'example.com#x', 'example.com..', '0x7f.1'])(
  'does not read %j as another name',
  (name) => {
    expect(['example.com', '127.0.0.1']).not.toContain(normalizeDomain(name));
  },
);

it.each([
  'ｅxample.com',
  'exam\u00adple.com',
  'exam\u200bple.com',
  'bü。com',
  'bü.com/x',
  'u@bü.com',
  'bü.com:80',
  'xn--bü.com',
])('returns null for %j', (name) => {
  expect(normalizeDomain(name)).toBeNull();
});
