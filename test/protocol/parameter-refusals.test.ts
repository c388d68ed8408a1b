/** If a parameter or an attribute is malformed, the refusal names it and says what was expected. */
import { describe, expect, it } from 'vitest';
import { Fault, Reply } from '../../src/protocol/parts.js';
import { dsn } from '../../src/protocol/extensions/dsn.js';
import { parseXclient } from '../../src/protocol/extensions/xclient.js';
import { parseXforward } from '../../src/protocol/extensions/xforward.js';
import { SessionHarness } from './session-harness.js';

const NOW = Date.UTC(2026, 0, 1);
const profile = {
  extensions: { deliverBy: { minimum: 60 }, futureRelease: { maxInterval: 86_400, now: () => NOW } },
};

/** Returns the answer to MAIL with these parameters. */
function mail(parameters: string): string {
  const session = new SessionHarness({ profile }).begin();
  return session.feed(`EHLO c\r\nMAIL FROM:<a@x.example> ${parameters}\r\n`).answers.at(-1) ?? '';
}

describe('BY', () => {
  it('may be left out', () => {
    expect(mail('BODY=7BIT')).toMatch(/^250 /);
  });

  it('ends after its trace', () => {
    expect(mail('BY=600;RT')).toMatch(/^250 /);
    expect(mail('BY=600;RX')).toMatch(/^501 5\.5\.4 .*BY.*expected seconds;R/);
  });
});

describe('HOLDFOR and HOLDUNTIL', () => {
  it('are refused by name if the hold is longer than announced', () => {
    expect(mail('HOLDFOR=86401')).toMatch(/^501 5\.5\.4 .*HOLDFOR.*at most 86400 seconds from now/);
    expect(mail('HOLDUNTIL=2026-01-02T00:00:01Z')).toMatch(/^501 5\.5\.4 .*HOLDUNTIL.*at most 86400/);
  });

  it('are refused by name if the hold ends after the time to deliver by', () => {
    expect(mail('HOLDFOR=600 BY=600;R')).toMatch(/^501 5\.5\.4 .*HOLDFOR.*not before BY/);
    expect(mail('HOLDUNTIL=2026-01-01T00:10:00Z BY=600;R')).toMatch(
      /^501 5\.5\.4 .*HOLDUNTIL.*not before BY/,
    );
  });

  it('do not limit a time to deliver by if they hold nothing', () => {
    expect(mail('BY=-10;N')).toMatch(/^250 /);
    expect(mail('BY=-10;N HOLDUNTIL=2025-12-31T23:59:55Z')).toMatch(/^250 /);
  });

  it('have nothing after the number of seconds', () => {
    expect(mail('HOLDFOR=1x')).toMatch(/^501 5\.5\.4 .*expected seconds, 1 to 999999999/);
  });
});

it('refuses an empty ENVID as no xtext', () => {
  const parsed = dsn.mail?.['ENVID']?.('', { offered: new Set(['DSN']), smtputf8: false });
  expect(parsed instanceof Fault ? parsed.reason : parsed).toBe('expected xtext');
});

describe('an attribute of XCLIENT or XFORWARD', () => {
  const refusal = (parsed: object): string => (parsed instanceof Reply ? parsed.toString() : 'taken');

  it('is missed, with the syntax of the verb', () => {
    expect(refusal(parseXclient('', 'withLogin'))).toMatch(/^501 5\.5\.4 .*XCLIENT name=value \.\.\./);
  });

  it.each(['PORT=1.5', 'PORT=00', 'PORT=1e2', 'PORT=25x'])('%s is no port', (argument) => {
    expect(refusal(parseXclient(argument, 'withLogin'))).toMatch(
      /^501 5\.5\.4 .*PORT.*its value is malformed/,
    );
  });

  it('is unknown only if its value is [UNAVAILABLE] and nothing else', () => {
    for (const value of ['x[UNAVAILABLE]', '[UNAVAILABLE]x', '[TEMPUNAVAIL][UNAVAILABLE]'])
      expect(parseXforward(`IDENT=${value}`)).toEqual({ ident: value });
  });

  it('has at most 255 octets, and a protocol 64', () => {
    expect(parseXforward(`IDENT=${'a'.repeat(255)}`)).toEqual({ ident: 'a'.repeat(255) });
    expect(refusal(parseXforward(`IDENT=${'a'.repeat(256)}`))).toMatch(/IDENT/);
    expect(parseXforward(`PROTO=${'a'.repeat(64)}`)).toEqual({ protocol: 'a'.repeat(64) });
    expect(refusal(parseXforward(`PROTO=${'a'.repeat(65)}`))).toMatch(/PROTO/);
  });
});
