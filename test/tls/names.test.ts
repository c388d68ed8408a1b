import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IssuedCertificate } from '../../src/cli/serve/issue-certificate.js';
import { Certificates } from '../../src/server/tls/certificates.js';
import { NameIndex } from '../../src/server/tls/names.js';
import { Loopback, pairFor } from './loopback.js';

describe('which certificate a server name gets', () => {
  let pairs: IssuedCertificate[];
  let loopback: Loopback;

  beforeAll(async () => {
    pairs = await Promise.all([
      pairFor(['default.example']),
      pairFor(['mail.example.com', '*.apps.example.com']),
      pairFor(['one.apps.example.com', 'MIXED.example']),
    ]);
    loopback = await Loopback.open(Certificates.load(pairs));
  });
  afterAll(() => loopback.close());

  it.each([
    ['no name at all', undefined, 'default.example'],
    ['a name that no certificate has', 'other.example', 'default.example'],
    ['an exact name', 'mail.example.com', 'mail.example.com, *.apps.example.com'],
    ['an exact name in capitals', 'MAIL.Example.COM', 'mail.example.com, *.apps.example.com'],
    ['a name under a wildcard', 'two.apps.example.com', 'mail.example.com, *.apps.example.com'],
    [
      'an exact name that a wildcard covers, too',
      'one.apps.example.com',
      'one.apps.example.com, MIXED.example',
    ],
    ['a name that the certificate has in capitals', 'mixed.example', 'one.apps.example.com, MIXED.example'],
    ['two labels under a wildcard', 'a.b.apps.example.com', 'default.example'],
    ['the parent of a wildcard', 'apps.example.com', 'default.example'],
  ])('%s', async (_, servername, expected) => {
    expect(await loopback.namesFor(servername)).toBe(expected);
  });

  it('names given with a source take the place of its own', async () => {
    const [first, second] = pairs;
    if (first === undefined || second === undefined) throw new Error('no certificates');
    const named = Certificates.load([first, { ...second, names: ['Alias.example'] }]);
    expect(named.facts.map((fact) => fact.names)).toEqual([['default.example'], ['alias.example']]);
    const other = await Loopback.open(named);
    try {
      expect(await other.namesFor('alias.example')).toBe('mail.example.com, *.apps.example.com');
      expect(await other.namesFor('mail.example.com')).toBe('default.example');
    } finally {
      await other.close();
    }
  });

  it('a certificate without subjectAltName is served for its common name', async () => {
    const { cert, key } = await pairFor([]);
    expect(Certificates.load([{ cert, key }]).facts[0]?.names).toEqual(['nobody']);
  });

  it('addresses are no server names', async () => {
    const pair = await pairFor(['localhost', '127.0.0.1', '::1']);
    expect(Certificates.load([pair]).facts[0]?.names).toEqual(['localhost']);
  });
});

describe('NameIndex', () => {
  it('of two entries for one name the first wins', () => {
    const index = new NameIndex<number>();
    index.add('a.example', 1);
    index.add('a.example', 2);
    index.add('*.example', 3);
    index.add('*.example', 4);
    expect([index.find('a.example'), index.find('b.example')]).toEqual([1, 3]);
  });

  it('does not mind the root dot', () => {
    const index = new NameIndex<number>();
    index.add('a.example', 1);
    expect(index.find('a.example.')).toBe(1);
  });

  it('a wildcard does not stand for an empty label', () => {
    const index = new NameIndex<number>();
    index.add('*.example', 1);
    expect(index.find('.example')).toBeUndefined();
  });
});
