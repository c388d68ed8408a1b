import { Fault } from '../../../src/base/fault.js';
import type { LookupAddress } from 'node:dns';
import { Agent, request } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publicLookup } from '../../../src/delivery/webhooks/addresses.js';
import { RETRIES, gapAfter } from '../../../src/delivery/webhooks/schedule.js';
import { parseWebhookUrl } from '../../../src/delivery/webhooks/url.js';
import { apiServer } from '../https/api-server.js';

describe('parseWebhookUrl', () => {
  it.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://[::1]/',
    'https://[::ffff:7f00:1]/',
    'https://[fd00::1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://192.168.0.1.',
    'https://①②⑦.0.0.1/',
    'https://localhost:8443/',
    'https://LOCALHOST./',
    'https://app.localhost/',
    'http://example.com/',
    'https://user:password@example.com/',
    'ftp://example.com/',
    'example.com',
    `https://example.com/${'x'.repeat(2048)}`,
  ])('refuses %s', (text) => {
    expect(parseWebhookUrl(text, false)).toBeInstanceOf(Fault);
  });

  it('accepts https: with a name or a public address, and private addresses if they are allowed', () => {
    expect(parseWebhookUrl('https://Hooks.example.com/a?b=c', false)).toMatchObject({
      href: 'https://hooks.example.com/a?b=c',
    });
    expect(parseWebhookUrl('https://1.1.1.1:8443/', false)).toMatchObject({ port: '8443' });
    expect(parseWebhookUrl('http://localhost:3000/', true)).toMatchObject({ port: '3000' });
    expect(parseWebhookUrl('ftp://localhost/', true)).toEqual(new Fault('it does not begin with https:'));
  });
});

describe('publicLookup', () => {
  const v4 = (address: string): LookupAddress => ({ address, family: 4 });

  function look(found: LookupAddress[] | Error, all: boolean): Promise<unknown[]> {
    const lookup = publicLookup((_name, options, done) => {
      expect(options.all).toBe(true);
      if (found instanceof Error) done(found, []);
      else done(null, found);
    });
    return new Promise((resolve) => lookup('hooks.example', { all }, (...given) => resolve(given)));
  }

  it('returns only the public addresses, or an error', async () => {
    const mixed = [v4('10.0.0.1'), v4('1.1.1.1'), { address: '::1', family: 6 }];
    expect(await look(mixed, true)).toEqual([null, [v4('1.1.1.1')]]);
    expect(await look(mixed, false)).toEqual([null, '1.1.1.1', 4]);
    const [error] = await look([v4('127.0.0.1')], true);
    expect(error).toMatchObject({ message: expect.stringContaining('hooks.example has no public address') });
    expect(await look(new Error('ENOTFOUND'), true)).toMatchObject([{ message: 'ENOTFOUND' }, []]);
  });

  it('is called once for each connection, so a name cannot change between the check and the use', async () => {
    const inner = await apiServer(() => ({}));
    const answers = [[v4('203.0.114.1'), v4('127.0.0.1')], [v4('127.0.0.1')]];
    let asked = 0;
    const lookup = publicLookup((_name, _options, done) => done(null, answers[asked++] ?? []));
    const agent = new Agent({ timeout: 300 });
    const error = await new Promise<Error>((resolve) => {
      const made = request({ host: 'rebind.example', port: inner.port, lookup, agent, timeout: 300 }, () =>
        resolve(new Error('answered')),
      );
      made.on('timeout', () => made.destroy(new Error('timed out')));
      made.on('error', resolve);
      made.end();
    });
    agent.destroy();
    expect(error.message).not.toBe('answered');
    expect([asked, inner.connections()]).toEqual([1, 0]);
  });
});

describe('gapAfter', () => {
  it('grows in whole milliseconds, up to six hours and a tenth, and lasts about a day in all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: RETRIES, maxLength: RETRIES }),
        (chance) => {
          const gaps = chance.map((random, attempts) => gapAfter(attempts, random));
          for (const [index, gap] of gaps.entries()) {
            expect(Number.isInteger(gap)).toBe(true);
            expect(gap).toBeGreaterThanOrEqual(10_000);
            expect(gap).toBeLessThan(6.61 * 3_600_000);
            const next = gaps[index + 1];
            if (next !== undefined && index < 6) expect(next).toBeGreaterThan(gap);
          }
          const hours = gaps.reduce((sum, gap) => sum + gap, 0) / 3_600_000;
          expect(hours).toBeGreaterThan(18);
          expect(hours).toBeLessThan(26);
        },
      ),
    );
  });
});
