/** Tests the rules for senders: the envelope and the From field. */
import { describe, expect, it } from 'vitest';
import { expectNoTrouble } from '../server/harness.js';
import { Talk } from '../server/talk.js';
import { addDomain, expectAlive, FROM, GatewayHarness, send } from './gateway-harness.js';

expectNoTrouble();

describe('the envelope sender', () => {
  it.each([
    ['<app@example.com>', true],
    ['<app@EXAMPLE.com>', true],
    ['<bounce@mail.example.com>', true],
    ['<a@b.c.d.example.com>', true],
    ['<>', true],
    ['<a@example.org>', false],
    ['<a@notexample.com>', false],
    ['<a@example.com.evil.example>', false],
    ['<a@com>', false],
    ['<a@[192.0.2.1]>', false],
  ])('%s: %s', async (path, allowed) => {
    const harness = await GatewayHarness.open();
    const talk = await harness.signedIn();
    await talk.play(`> MAIL FROM:${path}`, allowed ? '< 250' : '< 550 5.7.1', '> NOOP', '< 250');
  });

  it('may be of an IDN domain in either form', async () => {
    const harness = await GatewayHarness.open();
    const talk = await harness.signedIn(await addDomain(harness.store, 'xn--bcher-kva.example'));
    for (const path of [
      '<a@xn--bcher-kva.example>',
      '<a@B\u00fccher.example> SMTPUTF8',
      '<a@m.b\u00fccher.example> SMTPUTF8',
    ]) {
      talk.write(Buffer.from(`MAIL FROM:${path}\r\nRSET\r\n`, 'utf8'));
      await talk.play('< 250', '< 250');
    }
    await talk.play(
      '> MAIL FROM:<app@example.com>',
      '< 550 5.7.1 Envelope sender must be of xn--bcher-kva.example',
    );
  });
});

// Its bounces would go to the other domain.
describe('an envelope sender of a domain below', () => {
  it('is refused if that is a domain of its own, or below one', async () => {
    const harness = await GatewayHarness.open();
    const deep = await addDomain(harness.store, 'sub.example.com');
    const talk = await harness.signedIn();
    await talk.play(
      '> MAIL FROM:<a@sub.example.com>',
      '< 550 5.7.1 Envelope sender must be of example.com or a domain below it; sub.example.com is a domain of its own',
      '> MAIL FROM:<a@x.sub.example.com>',
      '< 550 5.7.1',
      '> MAIL FROM:<a@xsub.example.com>',
      '< 250',
    );
    const other = await harness.signedIn(deep);
    await other.play('> MAIL FROM:<a@x.sub.example.com>', '< 250', '> RSET', '< 250');
    await other.play('> MAIL FROM:<a@example.com>', '< 550 5.7.1 Envelope sender must be of sub.example.com');
  });
});

describe('the author of a domain below', () => {
  const from = (domain: string): string => `From: MAILER-DAEMON@${domain}\r\n\r\nUndelivered\r\n`;

  it('may write bounces: mail with the null reverse-path', async () => {
    const harness = await GatewayHarness.open();
    await addDomain(harness.store, 'shop.example.com');
    const talk = await harness.signedIn();
    expect(await send(talk, from('app.example.com'), '')).toMatch(/^250/);
    expect(await send(talk, from('app.example.com'))).toMatch(
      /^550 5\.7\.1 .*: the address is of app\.example\.com/,
    );
    // The nearest domain owns the name.
    expect(await send(talk, from('app.shop.example.com'), '')).toMatch(/^550 5\.7\.1/);
    expect(await send(talk, from('notexample.com'), '')).toMatch(/^550 5\.7\.1/);
  });

  it('may write anything if the configuration allows it', async () => {
    const harness = await GatewayHarness.open({ gateway: { authorDomains: 'subdomains' } });
    await addDomain(harness.store, 'shop.example.com');
    const talk = await harness.signedIn();
    expect(await send(talk, from('APP.example.com'))).toMatch(/^250/);
    expect(await send(talk, from('app.shop.example.com'))).toMatch(/^550 5\.7\.1/);
    expect(await send(talk, from('com'))).toMatch(/^550 5\.7\.1/);
  });
});

describe('the envelope recipient', () => {
  it.each([
    ['<a@example.net>', '250 2.1.5'],
    ['<a@[192.0.2.1]>', '250 2.1.5'],
    ['<postmaster>', '250 2.1.5'],
    ['<a@sales>', '554 5.1.2 Recipient domain must be fully qualified'],
    ['<a@localhost>', '554 5.1.2'],
  ])('%s: %s', async (path, reply) => {
    const harness = await GatewayHarness.open();
    const talk = await harness.signedIn();
    await talk.play(
      '> MAIL FROM:<app@example.com>',
      '< 250',
      `> RCPT TO:${path}`,
      `< ${reply}`,
      '> NOOP',
      '< 250',
    );
  });
});

describe('a message that has come through many hosts', () => {
  it.each([
    [100, '250 2.0.0'],
    [101, '554 5.4.6 Message loop: more than 100 Received fields'],
  ])('%i: %s', async (hosts, reply) => {
    const harness = await GatewayHarness.open();
    const talk = await harness.signedIn();
    const received = 'received: from a.example by b.example; Thu, 1 Jan 2026 00:00:00 +0000\r\n'.repeat(
      hosts,
    );
    expect(await send(talk, `${received}${FROM}`)).toContain(reply);
    await expectAlive(talk);
  });
});

describe('the From field', () => {
  it.each([
    ['From: app@example.com\r\n', '250'],
    ['From: "An, App" <app@EXAMPLE.COM>\r\n', '250'],
    [
      'From: app@mail.example.com\r\n',
      '550 5.7.1 From must be one address at example.com: the address is of mail.example.com',
    ],
    ['From: a@elsewhere.example\r\n', '550 5.7.1 From must be one address at example.com'],
    ['Subject: none\r\n', '550 5.7.1 From must be one address at example.com: there is no From field'],
    [
      'From: a@example.com\r\nFrom: b@example.com\r\n',
      '550 5.7.1 From must be one address at example.com: there are 2',
    ],
    ['From: a@example.com, b@example.com\r\n', '550 5.7.1'],
    ['From: not an address\r\n', '550 5.7.1'],
    ['From:\r\n', '550 5.7.1'],
    ['', '550 5.7.1'],
  ])('%j: %s', async (field, expected) => {
    const harness = await GatewayHarness.open();
    const talk = await harness.signedIn();
    expect(await send(talk, `${field}To: x@example.net\r\n\r\nBody\r\n`)).toContain(expected);
    expect(await harness.messages()).toHaveLength(expected === '250' ? 1 : 0);
    await expectAlive(talk);
  });

  it('is checked in a message that is header alone, too', async () => {
    const harness = await GatewayHarness.open();
    const talk = await harness.signedIn();
    expect(await send(talk, 'From: a@elsewhere.example\r\n')).toMatch(/^550 5\.7\.1/);
    expect(await send(talk, '')).toMatch(/^550 5\.7\.1/);
    expect(await send(talk, FROM)).toMatch(/^250/);
    expect(await harness.messages()).toHaveLength(1);
  });
});

describe('a listener that lets clients in without AUTH', () => {
  it('accepts mail of its own domains, by the envelope sender, and of no other', async () => {
    const harness = await GatewayHarness.open({ listen: { authRequired: false } });
    await addDomain(harness.store, 'deep.example.com');
    const talk = await Talk.greeted(harness.port);
    expect(await send(talk, `${FROM}\r\n`)).toMatch(/^250/);
    expect(await send(talk, `${FROM}\r\n`, 'a@sub.example.com')).toMatch(/^250/);
    // The nearest domain owns the name, and From must have exactly that domain.
    expect(await send(talk, `${FROM}\r\n`, 'a@deep.example.com')).toMatch(/^550 5\.7\.1/);
    expect(await send(talk, 'From: a@deep.example.com\r\n\r\n', 'a@deep.example.com')).toMatch(/^250/);
    await talk.play('> MAIL FROM:<a@elsewhere.example>', '< 550 5.7.1', '> MAIL FROM:<>', '< 530 5.7.0');
    expect((await harness.messages()).map(({ domain }) => domain)).toEqual([
      'example.com',
      'example.com',
      'deep.example.com',
    ]);
    expect(await harness.raw((await harness.messages())[0]?.id ?? 0)).toMatch(/ with ESMTP id\s/);
  });

  it('still lets a client sign in, and then limits it to its domain', async () => {
    const harness = await GatewayHarness.open({ listen: { authRequired: false } });
    const talk = await harness.signedIn(await addDomain(harness.store, 'other.example'));
    await talk.play('> MAIL FROM:<app@example.com>', '< 550 5.7.1', '> MAIL FROM:<>', '< 250');
  });
});
