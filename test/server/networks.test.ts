import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, networkOf, Networks } from '../../src/base/networks.js';

const whole = { ipv4Bits: 32, ipv6Bits: 128 };

describe('the network of an address', () => {
  it.each([
    ['192.0.2.77', 32, '192.0.2.77'],
    ['192.0.2.77', 24, '192.0.2.0/24'],
    ['192.0.2.77', 26, '192.0.2.64/26'],
    ['192.0.2.77', 1, '128.0.0.0/1'],
    ['2001:db8:1:2:3:4:5:6', 64, '2001:db8:1:2:0:0:0:0/64'],
    ['2001:db8:1:2:3:4:5:6', 60, '2001:db8:1:0:0:0:0:0/60'],
    ['2001:db8::1', 64, '2001:db8:0:0:0:0:0:0/64'],
    ['::1', 64, '0:0:0:0:0:0:0:0/64'],
    ['2001:db8::1', 128, '2001:db8:0:0:0:0:0:1/128'],
    ['fe80::1%eth0', 64, 'fe80:0:0:0:0:0:0:0/64'],
  ])('%s by %i bits is %s', (address, bits, network) => {
    expect(networkOf(address, { ipv4Bits: Math.min(bits, 32), ipv6Bits: bits })).toBe(network);
  });

  it('is the same however the address is written', () => {
    const forms = ['2001:db8::2:0:0:1', '2001:0DB8:0:0:2:0:0:1', '2001:db8:0:0:2::1'];
    expect(new Set(forms.map((form) => networkOf(form, whole))).size).toBe(1);
  });

  it('is one for all of it, and agrees with a list of networks', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 1, max: 31 }), (one, other, ipv4Bits) => {
        const sizes = { ipv4Bits, ipv6Bits: 64 };
        const network = networkOf(one, sizes);
        expect(new Networks([network]).has(one)).toBe(true);
        expect(new Networks([network]).has(other)).toBe(networkOf(other, sizes) === network);
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), fc.ipV6(), fc.integer({ min: 1, max: 96 }), (one, other, ipv6Bits) => {
        // IPv4 in IPv6 is IPv4.
        fc.pre(!canonicalAddress(one).includes('.') && !canonicalAddress(other).includes('.'));
        const sizes = { ipv4Bits: 32, ipv6Bits };
        const network = networkOf(one, sizes);
        expect(new Networks([network]).has(one)).toBe(true);
        expect(new Networks([network]).has(other)).toBe(networkOf(other, sizes) === network);
      }),
    );
  });
});

describe('an address has one spelling', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
  ])('%s is %s', (address, canonical) => {
    expect(canonicalAddress(address)).toBe(canonical);
  });
});

describe('networks', () => {
  const networks = new Networks(['192.0.2.0/24', '198.51.100.7', '2001:db8::/32']);

  it.each(['192.0.2.255', '198.51.100.7', '2001:db8:ffff::1'])('have %s', (address) => {
    expect(networks.has(address)).toBe(true);
  });

  it.each(['192.0.3.0', '198.51.100.8', '2001:db9::1', '', 'example.com'])('have no %j', (address) => {
    expect(networks.has(address)).toBe(false);
  });

  it('match no address if the list is empty', () => {
    expect(new Networks([]).has('127.0.0.1')).toBe(false);
  });

  it.each(['', 'x', '192.0.2.0/33', '192.0.2.0/', '192.0.2.0/24/8', '::/129', '192.0.2/24', '::1/ 8'])(
    'cannot be made of %j',
    (text) => {
      expect(() => new Networks([text])).toThrow(`got ${text}`);
    },
  );
});
