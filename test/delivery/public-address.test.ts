import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../src/base/public-address.js';

const PRIVATE = [
  ...['0.0.0.0', '10.0.0.1', '100.64.0.1', '127.0.0.1', '127.255.255.255', '169.254.169.254', '172.16.0.1'],
  ...[
    '172.31.255.255',
    '192.0.0.8',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
  ],
  ...[
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
  ],
  ...['ff02::1', '64:ff9b::7f00:1', '2001:db8::1', '2002:7f00:1::', '2001::1', 'localhost', ''],
];
const PUBLIC = [
  ...['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '172.15.0.1', '172.32.0.0'],
  ...['192.167.255.255', '223.255.255.255', '2606:4700::1111', '2a00:1450:4001::8a', '2001:4860:4860::8888'],
];

describe('isPublicAddress', () => {
  it.each(PRIVATE)('returns false for "%s"', (address) => expect(isPublicAddress(address)).toBe(false));
  it.each(PUBLIC)('returns true for %s', (address) => expect(isPublicAddress(address)).toBe(true));
});
