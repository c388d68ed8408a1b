/** XCLIENT_README and XFORWARD_README of Postfix: the grammar, and what is offered to whom. */
import { describe, expect, it } from 'vitest';
import { Reply } from '../../src/protocol/index.js';
import { parseXclient } from '../../src/protocol/extensions/xclient.js';
import { parseXforward } from '../../src/protocol/extensions/xforward.js';
import { SessionHarness } from './session-harness.js';

const refusal = (parsed: object): string | null => (parsed instanceof Reply ? parsed.toString() : null);

describe('XCLIENT', () => {
  it('has every attribute, in any case', () => {
    expect(
      parseXclient(
        'NAME=spike.example addr=IPV6:2001:db8::1  Port=5678 PROTO=esmtp HELO=[192.0.2.1] LOGIN=a+2Bb+3D DESTADDR=192.0.2.2 DESTPORT=25',
        'withLogin',
      ),
    ).toEqual({
      name: 'spike.example',
      address: '2001:db8::1',
      port: 5678,
      protocol: 'ESMTP',
      helo: '[192.0.2.1]',
      login: 'a+b=',
      destinationAddress: '192.0.2.2',
      destinationPort: 25,
    });
  });

  it('says that an attribute is unknown, for now or for good', () => {
    expect(parseXclient('NAME=[TEMPUNAVAIL] ADDR=[unavailable] PORT=[UNAVAILABLE]', 'withoutLogin')).toEqual({
      name: null,
      address: null,
      port: null,
    });
  });

  it.each([
    '',
    'NAME',
    'NAME=',
    'NAME=a b',
    'ADDR=192.0.2.256',
    'ADDR=[192.0.2.1]',
    'ADDR=2001:db8::1',
    'ADDR=spike.example',
    'PORT=65536',
    'PORT=-1',
    'PROTO=HTTP',
    'HELO=a+0Db',
    'HELO=a+zzb',
    'NAME=a=b',
    'COLOUR=blue',
    'TOSTRING=x',
    `NAME=${'a.'.repeat(128)}`,
  ])('%j is malformed', (argument) => {
    expect(refusal(parseXclient(argument, 'withLogin'))).toMatch(/^501 5\.5\.4 /);
  });

  it('has LOGIN only if the handler decides on it', () => {
    expect(refusal(parseXclient('LOGIN=admin', 'withoutLogin'))).toMatch(/^501 5\.5\.4 .*LOGIN/);
    expect(parseXclient('LOGIN=[UNAVAILABLE]', 'withLogin')).toEqual({ login: null });
  });
});

describe('XFORWARD', () => {
  it('may be from anywhere', () => {
    expect(
      parseXforward('NAME=local ADDR=unix:/run/x PORT=1 PROTO=UUCP HELO=[UNAVAILABLE] SOURCE=local'),
    ).toEqual({
      name: 'local',
      address: 'unix:/run/x',
      port: '1',
      protocol: 'UUCP',
      helo: null,
      source: 'LOCAL',
    });
  });

  it.each([
    '',
    'SOURCE=HERE',
    'NAME=a+20b',
    'NAME=+28a+29',
    'HELO=+E4',
    'PORT=x',
    `PROTO=${'x'.repeat(65)}`,
    'LOGIN=a',
  ])('%j is malformed', (argument) => {
    expect(refusal(parseXforward(argument))).toMatch(/^501 5\.5\.4 /);
  });
});

describe('a session', () => {
  const trusted = { profile: { relayTrust: 'withoutLogin' as const } };

  it('does not announce them to other clients, and refuses their commands', () => {
    const harness = new SessionHarness()
      .begin()
      .feed('EHLO x\r\nXCLIENT NAME=a\r\nXFORWARD NAME=a\r\nHELP\r\n');
    expect(harness.answers[1]).not.toMatch(/XCLIENT|XFORWARD/);
    expect(harness.answers.slice(2, 4)).toEqual([
      '550 5.7.0 XCLIENT is for relays that are trusted',
      '550 5.7.0 XFORWARD is for relays that are trusted',
    ]);
    expect(harness.answers[4]).not.toMatch(/XCLIENT|XFORWARD/);
  });

  it('announces to a relay which attributes it may send', () => {
    const { answers } = new SessionHarness(trusted).begin().feed('EHLO x\r\n');
    expect(answers[1]).toContain('\n250-XCLIENT NAME ADDR PORT PROTO HELO DESTADDR DESTPORT\n');
    expect(answers[1]).toContain('\n250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE');
  });

  it('begins anew with a greeting: neither hello nor identity stays', () => {
    const harness = new SessionHarness(trusted).begin();
    harness.feed('EHLO x\r\nAUTH PLAIN AGEAYQ==\r\nXCLIENT ADDR=192.0.2.9\r\nMAIL FROM:<>\r\nEHLO y\r\n');
    expect(harness.codes).toEqual([220, 250, 235, 220, 503, 250]);
    expect(harness.session.identity.kind).toBe('anonymous');
    expect(harness.session.hello?.name).toBe('y');
  });

  it('begins anew with the greeting of the handler, if that is a 220', () => {
    const greeted = (code: number): string | undefined =>
      new SessionHarness({
        ...trusted,
        judge: ({ type }) =>
          type === 'xclient' ? { type: 'accept', reply: new Reply(code, null, 'again') } : { type: 'accept' },
      })
        .begin()
        .feed('XCLIENT ADDR=192.0.2.9\r\n').answers[1];
    expect(greeted(220)).toBe('220 again');
    expect(greeted(250)).toBe('220 mx.example ESMTP ready');
  });

  it('may begin anew before any hello, more than once, in a pipeline', () => {
    const harness = new SessionHarness(trusted).begin().feed('XCLIENT PORT=1\r\nXCLIENT PORT=2\r\nNOOP\r\n');
    expect(harness.codes).toEqual([220, 220, 220, 250]);
  });

  it('does neither in a transaction', () => {
    const harness = new SessionHarness(trusted)
      .begin()
      .feed('EHLO x\r\nMAIL FROM:<>\r\nXCLIENT PORT=1\r\nXFORWARD PORT=1\r\n');
    harness.feed('RCPT TO:<a@x.example>\r\nXCLIENT PORT=1\r\nRSET\r\nXFORWARD PORT=1\r\n');
    expect(harness.codes).toEqual([220, 250, 250, 503, 503, 250, 503, 250, 250]);
  });

  it('obeys nothing but QUIT once the client is turned away', () => {
    const harness = new SessionHarness({
      ...trusted,
      judge: ({ type }) =>
        type === 'xclient'
          ? { type: 'refuse', reply: new Reply(550, '5.7.1', 'Not you') }
          : { type: 'accept' },
    }).begin();
    harness.feed('EHLO x\r\nXCLIENT ADDR=192.0.2.9\r\nMAIL FROM:<>\r\nXCLIENT PORT=1\r\nQUIT\r\n');
    expect(harness.codes).toEqual([220, 250, 550, 503, 503, 221]);
  });

  it('stays as it was after one that is malformed', () => {
    const harness = new SessionHarness(trusted)
      .begin()
      .feed('EHLO x\r\nXCLIENT COLOUR=blue\r\nMAIL FROM:<>\r\n');
    expect(harness.codes).toEqual([220, 250, 501, 250]);
  });
});
