import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/store/port.js';
import { digestToken, newToken } from '../../src/submission/token.js';
import { expectNoTrouble } from '../server/harness.js';
import { Talk } from '../server/talk.js';
import { addDomain, expectAlive, FROM, GatewayHarness, methodsOf, send } from './gateway-harness.js';

expectNoTrouble();

/** How long an answer of the store is cached, in milliseconds. */
const CACHE_MS = 2_000;

async function tries(harness: GatewayHarness, user: string, password = user): Promise<string> {
  return (await Talk.greeted(harness.port)).signIn(user, password);
}

describe('a token', () => {
  it('is user and password; any other gets the same 535 (68, 69)', async () => {
    const harness = await GatewayHarness.open();
    const { token } = harness;
    expect(await tries(harness, token)).toMatch(/^235 2\.7\.0/);
    const refused = [
      await tries(harness, token, newToken().expose()),
      await tries(harness, newToken().expose(), token),
      await tries(harness, 'example.net', token),
      await tries(harness, token, 'example.com'),
      await tries(harness, newToken().expose()),
      await tries(harness, token.toLowerCase()),
      await tries(harness, `${token} `),
    ];
    expect(new Set(refused)).toEqual(new Set(['535 5.7.8 Authentication credentials invalid']));
  });

  it('is required before MAIL (66)', async () => {
    const harness = await GatewayHarness.open();
    await (await Talk.greeted(harness.port)).play('> MAIL FROM:<app@example.com>', '< 530 5.7.0');
  });

  it('identifies its domain', async () => {
    const harness = await GatewayHarness.open();
    const other = await addDomain(harness.store, 'other.example');
    const talk = await harness.signedIn(other);
    expect(await send(talk, 'From: a@other.example\r\n\r\n', 'a@other.example')).toMatch(/^250/);
    expect((await harness.messages()).map(({ domain }) => domain)).toEqual(['other.example']);
  });

  it('sends for a domain that another process has just added, although the names are cached', async () => {
    const harness = await GatewayHarness.open();
    expect(await send(await harness.signedIn(), FROM)).toMatch(/^250/);
    const talk = await harness.signedIn(await addDomain(harness.store, 'new.example'));
    expect(await send(talk, 'From: a@new.example\r\n\r\n', 'a@new.example')).toMatch(/^250/);
  });

  it('works at once if it is new, and the old one works during its grace time', async () => {
    let now = 1_000_000;
    const harness = await GatewayHarness.open({ gateway: { now: () => now } });
    const fresh = newToken().expose();
    expect(await tries(harness, fresh)).toMatch(/^535/);
    await harness.store.rotateToken('example.com', digestToken(fresh), now + 60_000, now);
    expect(await tries(harness, fresh)).toMatch(/^235/);
    expect(await tries(harness, harness.token)).toMatch(/^235/);
    now += 59_000;
    expect(await tries(harness, harness.token)).toMatch(/^235/);
    now += 1_000 + CACHE_MS;
    expect(await tries(harness, harness.token)).toMatch(/^535/);
    expect(await tries(harness, fresh)).toMatch(/^235/);
  });
});

describe('the user', () => {
  it.each([
    ['example.com', '235'],
    ['EXAMPLE.COM', '235'],
    ['example.com.', '235'],
    ['other.example', '535'],
    ['sub.example.com', '535'],
    ['app@example.com', '535'],
    ['x', '535'],
  ])('may be the name of the domain, and no other: %s', async (user, reply) => {
    const harness = await GatewayHarness.open();
    await addDomain(harness.store, 'other.example');
    const talk = await Talk.greeted(harness.port);
    const plain = Buffer.from(`\0${user}\0${harness.token}`).toString('base64');
    await talk.play(`> AUTH PLAIN ${plain}`, `< ${reply}`);
  });

  it('may not be the password', async () => {
    const harness = await GatewayHarness.open();
    const talk = await Talk.greeted(harness.port);
    for (const [user, password] of [
      ['example.com', 'example.com'],
      [harness.token, 'example.com'],
    ]) {
      const plain = Buffer.from(`\0${user}\0${password}`).toString('base64');
      await talk.play(`> AUTH PLAIN ${plain}`, '< 535');
    }
  });
});

describe('a domain that is removed', () => {
  it('works for a moment from the cache, then can neither sign in nor send', async () => {
    let now = 1_000_000;
    const harness = await GatewayHarness.open({ gateway: { now: () => now } });
    const talk = await harness.signedIn();
    await expectAlive(talk);
    await harness.store.removeDomain('example.com', now);
    now += CACHE_MS + 1;
    expect(await tries(harness, harness.token)).toMatch(/^535/);
    // A session may live longer than its domain.
    await talk.play(
      '> MAIL FROM:<app@example.com>',
      '< 550 5.7.1 example.com may send no more',
      '> NOOP',
      '< 250',
    );
  });
});

describe('a message and a token', () => {
  it('are on record with where the message came in and when the token was used', async () => {
    const harness = await GatewayHarness.open();
    const talk = await Talk.greeted(harness.port);
    const before = Date.now();
    expect(await talk.signIn(harness.token)).toMatch(/^235/);
    const reply = await send(talk, `${FROM}\r\nHello.\r\n`);
    const id = Number(/queued as (\d+)/.exec(reply)?.[1]);
    const record = await harness.store.mail.message('all', id);
    expect(record?.origin).toEqual({
      way: 'smtp',
      listener: `127.0.0.1:${harness.port}`,
      hello: expect.stringMatching(/./) as string,
    });
    const domain = await harness.store.domainRecords.find('all', 'example.com', Date.now());
    expect(domain?.tokens[0]?.lastUsedAt).toBeGreaterThanOrEqual(before - 60_000);
  });
});

describe('a store that fails', () => {
  it('gives 454, which says nothing about the credentials', async () => {
    let down = true;
    const harness = await GatewayHarness.open({
      before: (store) => ({
        ...methodsOf(store),
        domainByToken: (...args) =>
          down
            ? Promise.reject(new StoreError('failed', 'the disk is on fire'))
            : store.domainByToken(...args),
      }),
    });
    const talk = await Talk.greeted(harness.port);
    expect(await talk.signIn(harness.token)).toMatch(/^454 4\.7\.0/);
    expect(harness.running.errors.map(({ message }) => message)).toEqual([
      'the store failed: the disk is on fire',
    ]);
    down = false;
    expect(await talk.signIn(harness.token)).toMatch(/^235/);
    expect(await send(talk, `${FROM}\r\n`)).toMatch(/^250/);
  });
});
