import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/protocol/index.js';

describe('a secret', () => {
  const secret = new Secret('hunter2');

  it('is exposed on demand', () => {
    expect(secret.expose()).toBe('hunter2');
  });

  it.each<[string, () => string]>([
    ['String', () => String(secret)],
    ['a template', () => `${secret.toString()} ${String(secret)}`],
    ['concatenation', () => 'x' + String(secret)],
    ['JSON', () => JSON.stringify({ secret, list: [secret] })],
    ['inspect', () => inspect(secret)],
    ['inspect, hidden and deep', () => inspect({ secret }, { showHidden: true, depth: null, getters: true })],
    ['format', () => format('%s %o %O %j', secret, secret, secret, secret)],
    ['its keys', () => JSON.stringify([Object.entries(secret), Reflect.ownKeys(secret)])],
    ['a copy', () => JSON.stringify(Object.assign({}, secret)) + inspect(structuredClone(secret))],
    ['an error', () => inspect(new Error('wrong', { cause: { secret } }))],
  ])('does not show in %s', (_, show) => {
    expect(show()).not.toContain('hunter2');
  });

  it('shows that it is one', () => {
    expect(String(secret)).toBe('[secret]');
    expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
    expect(inspect({ secret })).toBe('{ secret: [secret] }');
  });
});
