import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/store/port.js';
import { digestToken, newToken } from '../../src/submission/token.js';
import { expectNoTrouble } from '../server/harness.js';
import { Talk } from '../server/talk.js';
import { addDomain, expectAlive, FROM, House, methodsOf, send } from './house.js';

expectNoTrouble();

/** How long an answer of the store is cached, in milliseconds. */
const BELIEVED_MS = 2_000;

async function tries(house: House, user: string, password = user): Promise<string> {
  return (await Talk.greeted(house.port)).signIn(user, password);
}

describe('a token', () => {
  it('is user and password; any other gets the same 535 (68, 69)', async () => {
    const house = await House.open();
    const { token } = house;
    expect(await tries(house, token)).toMatch(/^235 2\.7\.0/);
    const refused = [
      await tries(house, token, newToken().expose()),
      await tries(house, newToken().expose(), token),
      await tries(house, 'example.net', token),
      await tries(house, token, 'example.com'),
      await tries(house, newToken().expose()),
      await tries(house, token.toLowerCase()),
      await tries(house, `${token} `),
    ];
    expect(new Set(refused)).toEqual(new Set(['535 5.7.8 Authentication credentials invalid']));
  });

  it('is required before MAIL (66)', async () => {
    const house = await House.open();
    await (await Talk.greeted(house.port)).play('> MAIL FROM:<app@example.com>', '< 530 5.7.0');
  });

  it('identifies its domain', async () => {
    const house = await House.open();
    const other = await addDomain(house.store, 'other.example');
    const talk = await house.signedIn(other);
    expect(await send(talk, 'From: a@other.example\r\n\r\n', 'a@other.example')).toMatch(/^250/);
    expect((await house.messages()).map(({ domain }) => domain)).toEqual(['other.example']);
  });

  it('works at once if it is new, and the old one works during its grace time', async () => {
    let now = 1_000_000;
    const house = await House.open({ gateway: { now: () => now } });
    const fresh = newToken().expose();
    expect(await tries(house, fresh)).toMatch(/^535/);
    await house.store.rotateToken('example.com', digestToken(fresh), now + 60_000, now);
    expect(await tries(house, fresh)).toMatch(/^235/);
    expect(await tries(house, house.token)).toMatch(/^235/);
    now += 59_000;
    expect(await tries(house, house.token)).toMatch(/^235/);
    now += 1_000 + BELIEVED_MS;
    expect(await tries(house, house.token)).toMatch(/^535/);
    expect(await tries(house, fresh)).toMatch(/^235/);
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
    const house = await House.open();
    await addDomain(house.store, 'other.example');
    const talk = await Talk.greeted(house.port);
    const plain = Buffer.from(`\0${user}\0${house.token}`).toString('base64');
    await talk.play(`> AUTH PLAIN ${plain}`, `< ${reply}`);
  });

  it('may not be the password', async () => {
    const house = await House.open();
    const talk = await Talk.greeted(house.port);
    for (const [user, password] of [
      ['example.com', 'example.com'],
      [house.token, 'example.com'],
    ]) {
      const plain = Buffer.from(`\0${user}\0${password}`).toString('base64');
      await talk.play(`> AUTH PLAIN ${plain}`, '< 535');
    }
  });
});

describe('a domain that is removed', () => {
  it('works for a moment from the cache, then can neither sign in nor send', async () => {
    let now = 1_000_000;
    const house = await House.open({ gateway: { now: () => now } });
    const talk = await house.signedIn();
    await expectAlive(talk);
    await house.store.removeDomain('example.com', now);
    now += BELIEVED_MS + 1;
    expect(await tries(house, house.token)).toMatch(/^535/);
    // A session may live longer than its domain.
    await talk.play(
      '> MAIL FROM:<app@example.com>',
      '< 550 5.7.1 example.com may send no more',
      '> NOOP',
      '< 250',
    );
  });
});

describe('a store that fails', () => {
  it('gives 454, which says nothing about the credentials', async () => {
    let down = true;
    const house = await House.open({
      before: (store) => ({
        ...methodsOf(store),
        domainByToken: (...args) =>
          down
            ? Promise.reject(new StoreError('failed', 'the disk is on fire'))
            : store.domainByToken(...args),
      }),
    });
    const talk = await Talk.greeted(house.port);
    expect(await talk.signIn(house.token)).toMatch(/^454 4\.7\.0/);
    expect(house.running.errors.map(({ message }) => message)).toEqual([
      'the store failed: the disk is on fire',
    ]);
    down = false;
    expect(await talk.signIn(house.token)).toMatch(/^235/);
    expect(await send(talk, `${FROM}\r\n`)).toMatch(/^250/);
  });
});
