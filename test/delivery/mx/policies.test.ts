import { expect, it } from 'vitest';
import { readPolicy } from '../../../src/delivery/transports/mx/fetch-policy.js';

it('counts the first of a repeated field of a policy, and all of mx (RFC 8461 3.2)', () => {
  const text =
    'version: STSv1\r\nmode: enforce\r\nmx: a.example\r\nMode: none\r\nmx: b.example\r\nmax_age: 60\r\nmax_age: 1\r\n';
  expect(readPolicy(text)).toEqual({ mode: 'enforce', maxAge: 60, mx: ['a.example', 'b.example'] });
});
