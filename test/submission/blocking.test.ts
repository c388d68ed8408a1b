import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/store/port.js';
import { Blocking } from '../../src/submission/blocking.js';
import { expectNoTrouble } from '../server/harness.js';
import { expectAlive, GatewayHarness, methodsOf } from './gateway-harness.js';

expectNoTrouble();

describe('RCPT', () => {
  const since = Date.UTC(2026, 4, 1, 12);
  const put = (
    harness: GatewayHarness,
    address: string,
    verdict: 'blocked' | 'allowed',
    domain = 'example.com',
  ) => harness.store.blockList.put({ domain, address, verdict, since, reason: '550 5.1.1 No such user' });

  it('to a blocked address gets 550 5.7.1 with date and reason, in any case of letters; others are accepted', async () => {
    const harness = await GatewayHarness.open();
    await put(harness, 'gone@example.net', 'blocked');
    await put(harness, 'ours@example.net', 'allowed');
    const talk = await harness.signedIn();
    await talk.play(
      '> MAIL FROM:<app@example.com>',
      '< 250',
      '> RCPT TO:<Gone@Example.NET>',
      '< 550 5.7.1 gone@example.net is on the block list of example.com since 2026-05-01: 550 5.1.1 No such user',
      '> RCPT TO:<ours@example.net>',
      '< 250',
      '> RCPT TO:<you@example.net>',
      '< 250',
      '> RSET',
      '< 250',
    );
    await expectAlive(talk);
    // The operator allows the address.
    await put(harness, 'gone@example.net', 'allowed');
    await talk.play('> MAIL FROM:<app@example.com>', '< 250', '> RCPT TO:<gone@example.net>', '< 250');
  });

  it('gets a temporary reply if the store fails', async () => {
    const failing = () => Promise.reject(new StoreError('failed', 'the disk is on fire'));
    const harness = await GatewayHarness.open({
      before: (store) => ({
        ...methodsOf(store),
        blockList: { ...store.blockList, isEmpty: failing, find: failing },
      }),
    });
    const talk = await harness.signedIn();
    await talk.play(
      '> MAIL FROM:<app@example.com>',
      '< 250',
      '> RCPT TO:<a@example.net>',
      '< 451 4.3.0',
      '> RSET',
      '< 250',
    );
  });
});

describe('the block list of a domain', () => {
  it('is read again two seconds after it was empty, and for each address if it is not empty', async () => {
    let now = 0;
    const asked: string[] = [];
    const domain = { id: 1, name: 'example.com', createdAt: 0 };
    let empty = true;
    const blocking = new Blocking(
      {
        isEmpty: (id) => {
          asked.push(`empty ${id}`);
          return Promise.resolve(empty);
        },
        find: (id, address) => {
          asked.push(`find ${id} ${address}`);
          return Promise.resolve(null);
        },
      },
      () => now,
    );
    expect(await blocking.blocked(domain, 'a@example.net')).toBeNull();
    empty = false;
    now = 1999;
    expect(blocking.blocked(domain, 'b@example.net')).toBeNull();
    expect(await blocking.blocked({ ...domain, id: 2 }, 'c@example.net')).toBeNull();
    now = 2000;
    expect(await blocking.blocked(domain, 'd@example.net')).toBeNull();
    expect(asked).toEqual(['empty 1', 'empty 2', 'find 2 c@example.net', 'empty 1', 'find 1 d@example.net']);
  });
});
