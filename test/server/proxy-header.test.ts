/**
 * HAProxy's proxy-protocol.txt, sections 2.1 and 2.2. Invariant: what is found in a header does not depend on
 * how much of it has come, nor on what follows it; and no octets whatever make the parser throw.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault, type Parsed } from '../../src/base/fault.js';
import { parseProxyHeader, type ProxyHeader } from '../../src/server/admission/proxy-header.js';
import { proxyV2, SIGNATURE } from './proxy-octets.js';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** The result of looking after each octet; the client's octets follow at once. */
function parse(header: Buffer, rest = bytes('EHLO x\r\n')): Parsed<ProxyHeader> {
  const outcome = parseProxyHeader(Buffer.concat([header, rest]));
  if (outcome instanceof Fault) return outcome;
  for (let length = 0; length < header.length; length++) {
    expect(parseProxyHeader(header.subarray(0, length))).toEqual({ kind: 'more' });
  }
  expect(parseProxyHeader(header)).toEqual(outcome);
  return outcome;
}

function proxied(from: string, fromPort: number, to: string, toPort: number, length: number): ProxyHeader {
  const endpoints = { remoteAddress: from, remotePort: fromPort, localAddress: to, localPort: toPort };
  return { kind: 'proxied', endpoints, length };
}

describe('version 1', () => {
  it.each([
    ['PROXY TCP4 192.0.2.1 198.51.100.2 56324 25', proxied('192.0.2.1', 56324, '198.51.100.2', 25, 44)],
    ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535', undefined],
    ['PROXY TCP6 2001:DB8::0:1 ::1 0 65535', proxied('2001:db8::1', 0, '::1', 65535, 38)],
    ['PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2', proxied('192.0.2.1', 1, '192.0.2.2', 2, 50)],
    [`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`, undefined],
  ])('%s', (line, expected) => {
    const outcome = parse(bytes(`${line}\r\n`));
    if (expected === undefined) expect(outcome).toMatchObject({ kind: 'proxied' });
    else expect(outcome).toEqual(expected);
  });

  it.each(['', ' ', ' anything at all', ` ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`])(
    'PROXY UNKNOWN%s is the connection of the proxy itself',
    (rest) => {
      const line = `PROXY UNKNOWN${rest}\r\n`;
      expect(parse(bytes(line))).toEqual({ kind: 'local', length: line.length });
    },
  );

  it('of 107 octets is the longest; one more is refused (110)', () => {
    const line = (length: number): Buffer => bytes(`PROXY UNKNOWN ${'x'.repeat(length - 16)}\r\n`);
    expect(parse(line(107))).toEqual({ kind: 'local', length: 107 });
    expect(parseProxyHeader(line(108))).toMatchObject({ reason: expect.stringMatching(/107/) as unknown });
    expect(parseProxyHeader(line(108).subarray(0, 106))).toEqual({ kind: 'more' });
    expect(parseProxyHeader(line(108).subarray(0, 107))).toBeInstanceOf(Fault);
  });

  it.each([
    'PROXY',
    'PROXY ',
    'PROXY  TCP4 192.0.2.1 192.0.2.2 1 2',
    'PROXY TCP4 192.0.2.1 192.0.2.2 1',
    'PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3',
    'PROXY TCP4 192.0.2.1 192.0.2.2 1 2 ',
    'PROXY TCP4 192.0.2.1  192.0.2.2 1 2',
    'PROXY TCP4 192.0.2.01 192.0.2.2 1 2',
    'PROXY TCP4 192.0.2.256 192.0.2.2 1 2',
    'PROXY TCP4 ::1 192.0.2.2 1 2',
    'PROXY TCP6 192.0.2.1 192.0.2.2 1 2',
    'PROXY TCP6 fe80::1%eth0 ::1 1 2',
    'PROXY TCP6 1::2::3 ::1 1 2',
    'PROXY TCP4 192.0.2.1 192.0.2.2 01 2',
    'PROXY TCP4 192.0.2.1 192.0.2.2 1 65536',
    'PROXY TCP4 192.0.2.1 192.0.2.2 -1 2',
    'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n',
    'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r',
    'PROXY UDP4 192.0.2.1 192.0.2.2 1 2',
    'PROXY unknown',
    'proxy TCP4 192.0.2.1 192.0.2.2 1 2',
    'EHLO client.example',
    '\x16\x03\x01',
  ])('rejects %j', (line) => {
    expect(parseProxyHeader(bytes(`${line}\r\n`))).toBeInstanceOf(Fault);
  });

  it('does not end with LF alone', () => {
    expect(parseProxyHeader(bytes('PROXY UNKNOWN\n'))).toEqual({ kind: 'more' });
  });
});

describe('version 2', () => {
  const four = Buffer.from([192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 0x04, 0, 25]);
  const client = proxied('192.0.2.1', 0xdc04, '198.51.100.2', 25, 28);

  it('TCP over IPv4', () => {
    expect(parse(proxyV2(1, 0x11, four))).toEqual(client);
  });

  it('TCP over IPv6, and IPv4 in it', () => {
    const address = (text: string): Buffer => Buffer.from(text, 'hex');
    const six = (from: string): Buffer =>
      Buffer.concat([address(from), address('20010db8000000000000000000000002'), Buffer.from([0, 1, 0, 2])]);
    expect(parse(proxyV2(1, 0x21, six('20010db8000000000000000000000001')))).toEqual(
      proxied('2001:db8::1', 1, '2001:db8::2', 2, 52),
    );
    expect(parse(proxyV2(1, 0x21, six('00000000000000000000ffffc0000201')))).toEqual(
      proxied('192.0.2.1', 1, '2001:db8::2', 2, 52),
    );
  });

  it('with unknown type-length values, however broken they are, up to 4096 octets in all (110)', () => {
    for (const more of [Buffer.from([0xee, 0, 1, 7]), Buffer.from([0x20, 0xff, 0xff]), Buffer.alloc(4084)]) {
      const header = proxyV2(1, 0x11, Buffer.concat([four, more]));
      expect(parse(header)).toEqual({ ...client, length: header.length });
    }
    expect(parseProxyHeader(proxyV2(1, 0x11, Buffer.alloc(4097)).subarray(0, 16))).toMatchObject({
      reason: expect.stringMatching(/4097/) as unknown,
    });
  });

  it.each([0x00, 0x11, 0x21, 0xff])(
    'LOCAL, of family %i, is the connection of the proxy itself',
    (family) => {
      for (const following of [Buffer.alloc(0), four, Buffer.alloc(3)]) {
        const header = proxyV2(0, family, following);
        expect(parse(header)).toEqual({ kind: 'local', length: header.length });
      }
    },
  );

  it.each([0x00, 0x01, 0x10, 0x12, 0x20, 0x22, 0x30, 0x31, 0x32])(
    'of family and transport %i has nothing of use here',
    (family) => {
      const header = proxyV2(1, family, Buffer.alloc(216));
      expect(parse(header)).toEqual({ kind: 'local', length: header.length });
    },
  );

  it.each([0x13, 0x1f, 0x41, 0xf1])('rejects family and transport %i', (family) => {
    expect(parseProxyHeader(proxyV2(1, family, four))).toBeInstanceOf(Fault);
  });

  it('rejects one that is too short for its addresses (110)', () => {
    expect(parseProxyHeader(proxyV2(1, 0x11, four.subarray(0, 11)))).toBeInstanceOf(Fault);
    expect(parseProxyHeader(proxyV2(1, 0x21, four))).toBeInstanceOf(Fault);
    expect(parseProxyHeader(proxyV2(1, 0x11, Buffer.alloc(0)))).toBeInstanceOf(Fault);
  });

  it('rejects another version or another command', () => {
    const header = proxyV2(1, 0x11, four);
    for (const octet of [0x11, 0x31, 0x22, 0x2f]) {
      header[12] = octet;
      expect(parseProxyHeader(header)).toBeInstanceOf(Fault);
    }
  });

  it('rejects a signature that is wrong in any octet', () => {
    for (let at = 0; at < SIGNATURE.length; at++) {
      const header = proxyV2(1, 0x11, four);
      header[at] = (header[at] ?? 0) ^ 1;
      expect(parseProxyHeader(header)).toBeInstanceOf(Fault);
      expect(parseProxyHeader(header.subarray(0, at + 1))).toBeInstanceOf(Fault);
    }
  });
});

describe('any octets', () => {
  const octets = fc
    .oneof(fc.constant(Buffer.alloc(0)), fc.constant(SIGNATURE), fc.constant(bytes('PROXY ')))
    .chain((start) => fc.uint8Array({ maxLength: 300 }).map((rest) => Buffer.concat([start, rest])));

  it('make no more than they say, and what is decided stays so', () => {
    fc.assert(
      fc.property(octets, (octets) => {
        let decided: Parsed<ProxyHeader> | null = null;
        for (let length = 0; length <= octets.length; length++) {
          const outcome = parseProxyHeader(octets.subarray(0, length));
          if (decided !== null) expect(outcome).toEqual(decided);
          else if (outcome instanceof Fault || outcome.kind !== 'more') decided = outcome;
          if ('length' in outcome) expect(outcome.length).toBeLessThanOrEqual(length);
        }
      }),
    );
  });
});
