import { parsePolicy } from 'mailauth/lib/mta-sts.js';
import { describe, expect, it } from 'vitest';
import { matches, policyIdOf, readPolicy } from '../../../src/delivery/transports/mx/policy-text.js';

const POLICY = 'version: STSv1\r\nmode: enforce\r\nmx: mx.example\r\nmax_age: 60\r\n';

describe('an MTA-STS policy (RFC 8461 3.2)', () => {
  it('counts the first of a repeated field, and all of mx', () => {
    const text =
      'version: STSv1\r\nmode: enforce\r\nmx: a.example\r\nMode: none\r\nmx: b.example\r\nmax_age: 60\r\nmax_age: 1\r\n';
    expect(readPolicy(text)).toEqual({ mode: 'enforce', maxAge: 60, mx: ['a.example', 'b.example'] });
  });

  it.each([
    POLICY,
    POLICY.replaceAll('\r\n', '\n'),
    POLICY.replace('enforce', 'Testing').replace('mx.example', '*.MX.example'),
    `${POLICY}mx: mx.example\r\nmx: b.example\r\nunknown: x\r\nno colon\r\n\r\n`,
    'max_age:0\nmode :none\nversion :STSv1',
    POLICY.replace('60', '31557600'),
  ])('reads %j as mailauth does', (text) => {
    const { mode, maxAge, mx = [] } = parsePolicy(text);
    expect(readPolicy(text)).toEqual({ mode, maxAge, mx });
  });

  it.each([
    '',
    POLICY.replace('STSv1', 'STSv2'),
    POLICY.replace('enforce', 'strict'),
    POLICY.replace('60', '-1'),
    POLICY.replace('60', '31557601'),
    POLICY.replace('60', 'soon'),
    POLICY.replace('max_age: 60', ''),
    POLICY.replace('mx: mx.example', ''),
  ])('refuses %j, as mailauth does', (text) => {
    expect(() => parsePolicy(text)).toThrow();
    expect(() => readPolicy(text)).toThrow();
  });

  it('names a host, or with a wildcard the hosts with one label more (RFC 8461 4.1)', () => {
    const named = (pattern: string) =>
      ['mx.example', 'a.mx.example', 'b.a.mx.example'].filter((host) => matches(host, pattern));
    expect(named('mx.example')).toEqual(['mx.example']);
    expect(named('*.mx.example')).toEqual(['a.mx.example']);
  });
});

it.each([
  [['v=STSv1; id=20160831085700Z;'], '20160831085700Z'],
  [['v=STSv1 ;id = 1'], '1'],
  [['other', 'v=STSv1; a=b; id=1'], '1'],
  [['v=STSv1; id=1', 'v=STSv1; id=1'], null],
  [['v=STSv1'], null],
  [['v=STSv1; id='], null],
  [['v=STSv1; id=a-b'], null],
  [[`v=STSv1; id=${'1'.repeat(33)}`], null],
  [['v=STSv10; id=1'], null],
  [[], null],
] as const)('the id of the records %j is %j (RFC 8461 3.1)', (texts, id) => {
  expect(policyIdOf(texts)).toBe(id);
});
