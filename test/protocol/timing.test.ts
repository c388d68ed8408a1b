import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParameterFault, parseParameters } from '../../src/protocol/commands/parameters.js';
import { Profile } from '../../src/protocol/index.js';

const context = {
  offered: new Set(['DELIVERBY', 'FUTURERELEASE', 'MT-PRIORITY', 'REQUIRETLS']),
  smtputf8: false,
};
const mail = (text: string) => parseParameters('MAIL', text, context);

describe('the parameters of timing', () => {
  // Invariant: whatever is asked for, in any case of its letters, is what the handler gets.
  it('give back what was written', () => {
    const by = fc
      .record({
        seconds: fc.integer({ min: -999_999_999, max: 999_999_999 }),
        otherwise: fc.constantFrom('return', 'notify'),
        trace: fc.boolean(),
      })
      .filter(({ seconds, otherwise }) => otherwise === 'notify' || seconds > 0);
    const holdFor = fc.integer({ min: 1, max: 999_999_999 });
    const priority = fc.integer({ min: -9, max: 9 });
    fc.assert(
      fc.property(by, holdFor, priority, fc.boolean(), (by, holdFor, priority, lower) => {
        const mode = `${by.otherwise === 'return' ? 'R' : 'N'}${by.trace ? 'T' : ''}`;
        const text = `BY=${by.seconds};${mode} HOLDFOR=${holdFor} MT-PRIORITY=${priority} REQUIRETLS`;
        const expected = { by, holdFor, priority, requireTls: true };
        expect(mail(lower ? text.toLowerCase() : text)).toEqual(expected);
      }),
    );
  });

  it('take no zero for a negative one', () => {
    expect(mail('BY=-0;N')).toEqual({ by: { seconds: 0, otherwise: 'notify', trace: false } });
  });

  it("are MAIL's alone", () => {
    for (const word of [
      'BY=1;R',
      'HOLDFOR=1',
      'HOLDUNTIL=2026-01-01T00:00:00Z',
      'MT-PRIORITY=1',
      'REQUIRETLS',
    ]) {
      expect(parseParameters('RCPT', word, context)).toEqual(
        new ParameterFault(word.replace(/=.*/, ''), null),
      );
    }
  });
});

describe('FUTURERELEASE in EHLO', () => {
  it('counts from the time of the hello', () => {
    let time = Date.UTC(2026, 0, 1);
    const futureRelease = { maxInterval: 3600, now: () => time };
    const profile = new Profile({ hostname: 'mx.example', extensions: { futureRelease } });
    const lines = () => profile.hello('EHLO', '192.0.2.1', 'plain').lines;
    expect(lines()).toContain('FUTURERELEASE 3600 2026-01-01T01:00:00Z');
    time += 60_000;
    expect(lines()).toContain('FUTURERELEASE 3600 2026-01-01T01:01:00Z');
  });
});

describe('MT-PRIORITY in EHLO', () => {
  it('has the name of its policy where there is one', () => {
    const lines = (policy?: string) =>
      new Profile({
        hostname: 'mx.example',
        extensions: { mtPriority: policy === undefined ? {} : { policy } },
      }).hello('EHLO', '192.0.2.1', 'plain').lines;
    expect(lines()).toContain('MT-PRIORITY');
    expect(lines('STANAG4406')).toContain('MT-PRIORITY STANAG4406');
  });
});

describe('REQUIRETLS in EHLO', () => {
  it('is on offer on TLS links only', () => {
    const { offered } = new Profile({ hostname: 'mx.example', extensions: { requireTls: true } });
    expect(offered.plain.has('REQUIRETLS')).toBe(false);
    expect(offered.tls.has('REQUIRETLS')).toBe(true);
    expect(offered.mutual.has('REQUIRETLS')).toBe(true);
  });
});
