// Symptom: clients at 1::2:3:4:5:6:7 and at 1:0:2:3::1, which are one /64 (1:0:2:3), were counted apart: the
// limit of connections per address could be passed by writing the address another way.
//
// Cause: `::` was filled up with zeroes, and the groups after it were counted, but not put back: where fewer
// than four stood before it, the network had zeroes in their place.
//
// Fix: all eight groups, then the first bits of them (src/base/networks.ts).
import { expect, it } from 'vitest';
import { networkOf } from '../../src/base/networks.js';

const SIZES = { ipv4Bits: 32, ipv6Bits: 64 };

it('takes the groups after :: that are part of the network', () => {
  const short = networkOf('1::2:3:4:5:6:7', SIZES);
  expect(short).toBe(networkOf('1:0:2:3::1', SIZES));
  expect(short).not.toBe(networkOf('1::1', SIZES));
});
