// Tests what the checks of a domain say about its MTA-STS policy and its SPF record, and that they end.
import { describe, expect, it } from 'vitest';
import { checkDomain } from '../../../src/delivery/verify/check-domain.js';
import { checkMtaSts } from '../../../src/delivery/verify/check-mta-sts.js';
import { checkSpf } from '../../../src/delivery/verify/check-spf.js';
import type { Lookups } from '../../../src/delivery/verify/lookup.js';

function lookups(record: string | null, policy = '', servers: string[] = []): Lookups {
  return {
    texts: async () => (record === null ? [] : [record]),
    policy: async () => policy,
    mailServers: async () => servers,
    cancel: () => undefined,
  };
}

const policy = (mode: string) =>
  `version: STSv1\nmode: ${mode}\nmx: a.example\nmx: *.b.example\nmax_age: 60\n`;

describe('the check of MTA-STS', () => {
  it.each<[string, Lookups, boolean, string]>([
    ['no record', lookups(null), true, 'has no MTA-STS policy'],
    ['a record of something else', lookups('v=STSv10; id=1'), true, 'has no MTA-STS policy'],
    ['no id', lookups('v=STSv1;'), false, 'has no id'],
    ['no policy', lookups('v=STSv1; id=1', '<html>'), false, 'is not an MTA-STS policy'],
    ['mode none', lookups('v=STSv1; id=1', policy('none')), true, 'asks for nothing'],
    [
      'all servers named',
      lookups('v=STSv1; id=1', policy('enforce'), ['a.example', 'x.b.example']),
      true,
      'has the mode enforce',
    ],
    [
      'servers that are not named',
      lookups('v=STSv1; id=1', policy('testing'), ['a.example', 'x.y.b.example', 'c.example']),
      false,
      'mail servers of the domain: x.y.b.example, c.example',
    ],
  ])('finds %s', async (_, given, ok, says) => {
    expect(await checkMtaSts('example.com', given)).toMatchObject({
      check: 'mta-sts',
      ok,
      says: expect.stringContaining(says),
    });
  });
});

describe('the check of SPF', () => {
  it.each(['mail.example.com', 'MX1.example.co.uk.', 'a.test.example'])(
    'suggests a record with the public name %s, which forbids nothing yet',
    (sender) => {
      expect(checkSpf('example.com', ['x=1'], sender)).toMatchObject({
        ok: false,
        says: expect.stringContaining('~all becomes -all'),
        record: { name: 'example.com', value: `v=spf1 a:${sender} ~all` },
      });
    },
  );

  it.each(['vm', 'localhost', 'pc.local', 'vm.localdomain', '192.0.2.1', 'a.home.arpa', 'b.internal'])(
    'asks for a public host name in place of %s',
    (sender) => {
      const { ok, says, record } = checkSpf('example.com', [], sender);
      expect([ok, record]).toEqual([false, null]);
      expect(says).toContain(`calls itself ${sender}, which others cannot look up`);
      expect(says).toContain('--hostname');
    },
  );
});

describe('the checks of a domain', () => {
  it('end with what is known when the time is over, and cancel the rest', async () => {
    let cancelled = false;
    const silent: Lookups = {
      ...lookups(null),
      texts: (name) =>
        name === 'example.com' ? Promise.resolve(['v=spf1 -all']) : new Promise(() => undefined),
      cancel: () => (cancelled = true),
    };
    const findings = await checkDomain('example.com', [], 'mx.example', silent, 20);
    expect(findings.map(({ check, ok, says }) => [check, ok, says])).toEqual([
      ['dkim', false, expect.stringContaining('has no key')],
      ['spf', true, expect.any(String)],
      ['dmarc', false, 'there was no answer within 0.02 s'],
      ['mta-sts', false, 'there was no answer within 0.02 s'],
    ]);
    expect(cancelled).toBe(true);
  });
});
