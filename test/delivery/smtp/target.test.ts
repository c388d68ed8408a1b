import { Fault } from '../../../src/base/fault.js';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openSmarthost, parseSmarthost } from '../../../src/delivery/transports/smtp/index.js';

function parsed(url: string): object {
  const target = parseSmarthost(url);
  if (target instanceof Fault) throw new Error(target.reason);
  const { credentials, ...rest } = target;
  return {
    ...rest,
    credentials: credentials && `${credentials.user.expose()} ${credentials.password.expose()}`,
  };
}

const PLAIN = {
  host: 'relay.example',
  port: 587,
  credentials: null,
  tls: 'optional',
  verify: true,
  ca: null,
  connections: 20,
};

it.each([
  ['smtp://relay.example', {}],
  ['SMTP://Relay.Example./', {}],
  ['smtp://relay.example:25', { port: 25 }],
  ['smtp://[::1]:25', { host: '::1', port: 25 }],
  ['smtps://relay.example', { port: 465, tls: 'implicit' }],
  ['smtps://relay.example?verify=off', { port: 465, tls: 'implicit', verify: false }],
  ['smtp://relay.example?tls=required&ca=/etc/ca%20s.pem', { tls: 'required', ca: '/etc/ca s.pem' }],
  ['smtp://relay.example?tls=off&connections=3', { tls: 'off', connections: 3 }],
  // A password goes to another machine only over verified TLS, unless the URL says otherwise.
  ['smtp://u:p@relay.example', { credentials: 'u p', tls: 'required' }],
  ['smtp://u:p@relay.example?tls=optional', { credentials: 'u p', tls: 'optional' }],
  ['smtp://u:p@localhost', { credentials: 'u p', host: 'localhost' }],
  ['smtp://u:p@127.0.0.1:2525', { credentials: 'u p', host: '127.0.0.1', port: 2525 }],
  [
    'smtp://me%40x.example:p%2F%3F%23%25%3A%40:q@localhost',
    { credentials: 'me@x.example p/?#%:@:q', host: 'localhost' },
  ],
])('reads %s', (url, expected) => {
  expect(parsed(url)).toEqual({ ...PLAIN, ...expected });
});

it.each([
  ['relay.example:587', 'it is not SCHEME://HOST:PORT'],
  ['http://relay.example', 'scheme "http" is not smtp or smtps'],
  ['smtp://', 'it has no host'],
  ['smtp://relay.example/path', 'it is not SCHEME://HOST:PORT'],
  ['smtp://::1:25', 'it is not HOST:PORT; an IPv6 address stands in brackets'],
  ['smtp://[x]:25', '"x" is not an IPv6 address'],
  ['smtp://-x-', '"-x-" is not a host name'],
  ['smtp://relay.example:0', 'its port is not a number from 1 to 65535'],
  ['smtp://relay.example:65536', 'its port is not a number from 1 to 65535'],
  ['smtp://user@relay.example', 'it has a user name or a password, but not both: USER:PASSWORD@HOST'],
  ['smtp://:word@relay.example', 'it has a user name or a password, but not both: USER:PASSWORD@HOST'],
  ['smtp://user:@relay.example', 'its password is empty'],
  [
    'smtp://user:%zz@relay.example',
    'a "%" in the user name or the password that is not a percent-encoding must be written %25',
  ],
  ['smtp://user:a%00b@relay.example', 'the user name or the password has a NUL'],
  ['smtp://relay.example?tls=maybe', 'option "tls" is "maybe"; it may be optional, required, off'],
  ['smtp://relay.example?tls=off&tls=off', 'option "tls" is given twice'],
  ['smtp://relay.example?pool=3', 'option "pool" is unknown; the options are tls, verify, ca, connections'],
  ['smtp://relay.example?connections=0', 'option "connections" is "0"; it is a number from 1 to 9999'],
  ['smtp://relay.example?verify=off', '"verify" needs "tls=required"'],
  ['smtp://relay.example?tls=off&ca=x', '"ca" needs "tls=required"'],
  ['smtps://relay.example?tls=off', '"tls=off" contradicts smtps://, where TLS is always required'],
])('rejects %s: %s', (url, reason) => {
  const target = parseSmarthost(url);
  expect(target instanceof Fault && target.reason).toContain(reason);
});

describe('user and password', () => {
  it('are never shown', () => {
    const target = parseSmarthost('smtp://alice:hunter2@localhost:2525');
    if (target instanceof Fault) throw new Error(target.reason);
    const transport = openSmarthost(target, { hostname: 'gateway.example' });
    expect(transport.name).toBe('smtp://localhost:2525');
    for (const shown of [
      inspect(target, { depth: 9 }),
      JSON.stringify(target),
      inspect(transport, { depth: 9, showHidden: true }),
    ]) {
      expect(shown).not.toMatch(/alice|hunter2/);
    }
  });

  it.each([
    'smtp://alice:hunter2',
    'smtp://alice:hunter2@',
    'smtp://alice:hunter2@relay.example/x',
    'smtp://alice:hunter2@relay.example:x',
    'smtp://alice:hun/ter2@relay.example',
    'smtp://alice:hunter2@relay.example?x=y',
    'http://alice:hunter2@relay.example',
  ])('are not in the error for %s', (url) => {
    const target = parseSmarthost(url);
    expect(target).toBeInstanceOf(Fault);
    expect(JSON.stringify(target)).not.toMatch(/alice|hunter2/);
  });
});
