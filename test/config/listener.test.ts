import { Fault } from '../../src/base/fault.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ListenerConfig, formatListener, parseListener } from '../../src/config/listener.js';
import { SMTP } from './listeners.js';

describe('listener URLs', () => {
  it.each<[string, ListenerConfig]>([
    ['smtp://127.0.0.1:2525', { ...SMTP, address: '127.0.0.1', port: 2525 }],
    ['smtp://[::1]:0', { ...SMTP, address: '::1', port: 0 }],
    ['smtp://localhost:25/', { ...SMTP, address: 'localhost', port: 25 }],
    ['smtps://0.0.0.0:465', { ...SMTP, address: '0.0.0.0', port: 465, tls: 'implicit' }],
    ['smtps://[::]:465?tls=required', { ...SMTP, address: '::', port: 465, tls: 'implicit' }],
    ['smtp://h:1?tls=required', { ...SMTP, address: 'h', port: 1, tls: 'required' }],
    [
      'smtp://h:65535?auth=optional&tls=off',
      { ...SMTP, address: 'h', port: 65535, tls: 'off', auth: 'optional' },
    ],
    ['smtp://h:25?proxy=required', { ...SMTP, address: 'h', port: 25, proxy: 'required' }],
    [
      'smtp://h:25?client_cert=required',
      { ...SMTP, address: 'h', port: 25, tls: 'required', clientCert: 'required' },
    ],
    [
      'smtps://h:465?client_cert=optional',
      { ...SMTP, address: 'h', port: 465, tls: 'implicit', clientCert: 'optional' },
    ],
    [
      'lmtp://[::1]:24?auth=optional',
      { ...SMTP, address: '::1', port: 24, protocol: 'lmtp', auth: 'optional' },
    ],
  ])('reads %s', (url, listener) => {
    expect(parseListener(url)).toEqual(listener);
  });

  it.each([
    ['127.0.0.1:2525', /did you mean smtp:\/\/127\.0\.0\.1:2525\?/],
    ['http://127.0.0.1:2525', /"http"/],
    ['smtp://127.0.0.1', /no port/],
    ['smtp://127.0.0.1:', /no port/],
    ['smtp://:2525', /no address.*0\.0\.0\.0/],
    ['smtp://127.0.0.1:65536', /"65536"/],
    ['smtp://127.0.0.1:http', /"http"/],
    ['smtp://127.0.0.1:-1', /"-1"/],
    ['smtp://300.1.1.1:25', /"300\.1\.1\.1"/],
    ['smtp://::1:2525', /brackets/],
    ['smtp://[::g]:2525', /"::g"/],
    ['smtp://a b:25', /"a b"/],
    ['smtp://user@h:25', /user name/],
    ['smtp://h:25/path', /path/],
    ['smtp://h:25#x', /fragment/],
    ['smtp://h:25?tsl=off', /"tsl".*tls/],
    ['smtp://h:25?toString=x', /"toString"/],
    ['smtp://h:25?tls=on', /"tls" is "on".*required/],
    ['smtp://h:25?tls', /"tls" is ""/],
    ['smtp://h:25?tls=off&tls=off', /twice/],
    ['smtp://h:25?proxy=on', /"proxy" is "on".*required/],
    ['smtp://h:25?client_cert=yes', /"client_cert" is "yes".*required/],
    ['smtp://h:25?client_cert=optional&tls=off', /client_cert=optional.*tls=off/],
    ['smtp://h:25?client_cert=required&tls=optional', /client_cert=required.*tls=optional/],
    ['lmtp://h:25', /port 25.*RFC 2033/],
    ['lmtps://h:24', /"lmtps"/],
    ['smtps://h:465?tls=off', /tls=off.*smtps/],
    ['smtps://h:465?tls=optional', /tls=optional.*smtps/],
  ])('refuses %s and says why', (url, reason) => {
    const parsed = parseListener(url);
    expect(parsed instanceof Fault && parsed.reason).toMatch(reason);
  });

  it('reads back every listener that it writes', () => {
    const any = fc.record<ListenerConfig>({
      protocol: fc.constantFrom('smtp', 'lmtp'),
      address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('localhost')),
      port: fc.nat(65_535),
      tls: fc.constantFrom('implicit', 'required', 'optional', 'off'),
      auth: fc.constantFrom('required', 'optional'),
      proxy: fc.constantFrom('trusted', 'required', 'off'),
      clientCert: fc.constantFrom('off', 'optional', 'required'),
    });
    // Nor can LMTP with TLS from the first octet be written, or on port 25.
    const sound = any.filter(
      ({ protocol, tls, port }) => protocol === 'smtp' || (tls !== 'implicit' && port !== 25),
    );
    const listener = sound.filter(({ tls, clientCert }) =>
      clientCert === 'required'
        ? tls === 'implicit' || tls === 'required'
        : clientCert === 'off' || tls !== 'off',
    );
    fc.assert(
      fc.property(listener, (listener) => {
        expect(parseListener(formatListener(listener))).toEqual(listener);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseListener(`smtp://${text}`)));
  });
});
