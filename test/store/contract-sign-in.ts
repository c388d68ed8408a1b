/** The part of the store's contract about sessions, the administrator's password and idempotency keys. */
import { describe, expect, it } from 'vitest';
import type { IdempotencyClaim } from '../../src/store/idempotency.js';
import { STORE } from '../../src/store/limits.js';
import type { Store } from '../../src/store/port.js';
import type { Principal } from '../../src/store/sessions.js';
import { accept, addDomain, digest, newMessage } from './fixtures.js';

const ADMINISTRATOR: Principal = { kind: 'administrator' };

function session(name: string, principal: Principal, createdAt = 10) {
  return {
    digest: new Uint8Array(digest(name)),
    principal,
    createdAt,
    expiresAt: createdAt + 1000,
    clientAddress: '192.0.2.1',
    userAgent: 'Browser/1',
  };
}

/** @param store the open store of the test that runs */
export function describeSignIn(store: () => Store, reopen: () => Promise<void>): void {
  describe('sessions', () => {
    it('are found until they expire, also after the store was opened again', async () => {
      const made = session('a', ADMINISTRATOR);
      expect(await store().sessions.create(made)).toBe(true);
      await reopen();
      expect(await store().sessions.find(made.digest, 1009)).toEqual({ ...made, lastSeenAt: 10 });
      expect(await store().sessions.find(made.digest, 1010)).toBeNull();
      expect(await store().sessions.find(digest('b'), 20)).toBeNull();
      await store().sessions.touch(made.digest, 900, 5000);
      expect(await store().sessions.find(made.digest, 4999)).toMatchObject({ lastSeenAt: 900 });
    });

    it('belong to one principal: lists and revocations do not reach another', async () => {
      const a = await addDomain(store(), 'a.example');
      const b = await addDomain(store(), 'b.example');
      const ofA: Principal = { kind: 'domain', domainId: a.id };
      const ofB: Principal = { kind: 'domain', domainId: b.id };
      for (const [name, principal, at] of [
        ['admin', ADMINISTRATOR, 1],
        ['a1', ofA, 2],
        ['a2', ofA, 3],
        ['b1', ofB, 4],
      ] as const) {
        await store().sessions.create(session(name, principal, at));
      }
      const names = async (principal: Principal | null) => {
        const listed = await store().sessions.list(principal, 5);
        return listed.map((each) =>
          ['admin', 'a1', 'a2', 'b1'].find((name) => Buffer.from(each.digest).equals(digest(name))),
        );
      };
      expect(await names(null)).toEqual(['b1', 'a2', 'a1', 'admin']);
      expect(await names(ofA)).toEqual(['a2', 'a1']);
      expect(await names(ADMINISTRATOR)).toEqual(['admin']);
      expect(await store().sessions.revokeAll(ofA, digest('a2'))).toBe(1);
      expect(await names(null)).toEqual(['b1', 'a2', 'admin']);
      expect(await store().sessions.revoke(digest('a2'))).toBe(true);
      expect(await store().sessions.revoke(digest('a2'))).toBe(false);
      expect(await names(null)).toEqual(['b1', 'admin']);
    });

    it('of a removed domain are not valid, and none is made for it', async () => {
      const domain = await addDomain(store());
      const principal: Principal = { kind: 'domain', domainId: domain.id };
      await store().sessions.create(session('a', principal));
      await store().removeDomain('example.com', 20);
      expect(await store().sessions.find(digest('a'), 20)).toBeNull();
      expect(await store().sessions.list(null, 20)).toEqual([]);
      expect(await store().sessions.create(session('b', principal))).toBe(false);
      expect(await store().sessions.create(session('c', { kind: 'domain', domainId: 999 }))).toBe(false);
    });

    it('are bounded per principal: those seen longest ago end', async () => {
      const most = STORE.sessions.initial;
      const domain = await addDomain(store());
      await store().sessions.create(session('other', { kind: 'domain', domainId: domain.id }, 1));
      for (let index = 0; index <= most; index++) {
        await store().sessions.create(session(`s${index}`, ADMINISTRATOR, 10 + index));
        if (index === 1) await store().sessions.touch(digest('s0'), 999, 1010);
      }
      expect(await store().sessions.list(ADMINISTRATOR, 100)).toHaveLength(most);
      expect(await store().sessions.find(digest('s0'), 100)).not.toBeNull();
      expect(await store().sessions.find(digest('s1'), 100)).toBeNull();
      expect(await store().sessions.find(digest('other'), 100)).not.toBeNull();
      expect(await store().sessions.removeExpired(5000)).toBe(most + 1);
    });
  });

  describe('the password of the administrator', () => {
    it('is set once by servers that start at the same time, and ends sessions when it changes', async () => {
      const { administrator, sessions } = store();
      expect(await administrator.password()).toBeNull();
      const set = await Promise.all(
        ['one', 'two'].map((record) => administrator.setPassword(record, { onlyIfNone: true })),
      );
      expect(set).toEqual([true, false]);
      await sessions.create(session('a', ADMINISTRATOR));
      expect(await administrator.password()).toBe('one');
      expect(await administrator.setPassword('three', { onlyIfNone: false })).toBe(true);
      expect(await sessions.find(digest('a'), 20)).toBeNull();
      await reopen();
      expect(await store().administrator.password()).toBe('three');
    });
  });

  describe('idempotency keys', () => {
    const claim = (domainId: number, owner: string, now = 100): IdempotencyClaim => ({
      domainId,
      key: 'order-7',
      owner,
      now,
      leaseUntil: now + 50,
    });
    const completion = (domainId: number, owner: string) => ({
      domainId,
      key: 'order-7',
      owner,
      response: '{"id":1}',
      expiresAt: 1000,
    });

    it('are one request’s at a time, per domain', async () => {
      const a = await addDomain(store(), 'a.example');
      const b = await addDomain(store(), 'b.example');
      const { idempotency } = store();
      expect(await idempotency.begin(claim(a.id, 'first'))).toEqual({ state: 'begun' });
      expect(await idempotency.begin(claim(a.id, 'first'))).toEqual({ state: 'begun' });
      expect(await idempotency.begin(claim(a.id, 'second', 149))).toEqual({ state: 'under-way', until: 150 });
      expect(await idempotency.begin(claim(b.id, 'second', 149))).toEqual({ state: 'begun' });
      await idempotency.abandon(claim(a.id, 'first'), 'second');
      expect(await idempotency.begin(claim(a.id, 'second', 149))).toMatchObject({ state: 'under-way' });
      await idempotency.abandon(claim(a.id, 'first'), 'first');
      expect(await idempotency.begin(claim(a.id, 'second', 149))).toEqual({ state: 'begun' });
    });

    it('are free again when the only server has been started anew; what it had done stays done', async () => {
      const { id } = await addDomain(store());
      await store().idempotency.begin(claim(id, 'first'));
      const done = { ...claim(id, 'first'), key: 'done' };
      await store().idempotency.begin(done);
      await store().idempotency.complete({ ...completion(id, 'first'), key: 'done' });
      await reopen();
      expect(await store().idempotency.begin(claim(id, 'second', 120))).toEqual({ state: 'begun' });
      expect(await store().idempotency.complete(completion(id, 'first'))).toBe(false);
      expect(await store().idempotency.begin({ ...done, owner: 'second' })).toMatchObject({ state: 'done' });
    });

    it('are free again when the lease ends; the first request has lost it', async () => {
      const { id } = await addDomain(store());
      await store().idempotency.begin(claim(id, 'first'));
      expect(await store().idempotency.begin(claim(id, 'second', 120))).toEqual({
        state: 'under-way',
        until: 150,
      });
      expect(await store().idempotency.renew(claim(id, 'first'), 'first', 180)).toBe(true);
      expect(await store().idempotency.begin(claim(id, 'second', 179))).toMatchObject({ state: 'under-way' });
      expect(await store().idempotency.begin(claim(id, 'second', 180))).toEqual({ state: 'begun' });
      expect(await store().idempotency.renew(claim(id, 'first'), 'first', 500)).toBe(false);
      expect(await store().idempotency.complete(completion(id, 'first'))).toBe(false);
      const draft = store().open();
      await expect(
        draft.commit(newMessage(id, { completes: completion(id, 'first') })),
      ).rejects.toMatchObject({ code: 'superseded' });
      expect(await store().message(draft.id)).toBeNull();
    });

    it('keep the response in the transaction of the message, until it expires', async () => {
      const { id } = await addDomain(store());
      await store().idempotency.begin(claim(id, 'first'));
      const message = await accept(store(), newMessage(id, { completes: completion(id, 'first') }));
      await reopen();
      expect(await store().message(message)).not.toBeNull();
      const done = { state: 'done', response: '{"id":1}' };
      expect(await store().idempotency.begin(claim(id, 'second', 999))).toEqual(done);
      expect(await store().idempotency.begin(claim(id, 'first', 999))).toEqual(done);
      await store().idempotency.abandon(claim(id, 'first'), 'first');
      expect(await store().idempotency.begin(claim(id, 'second', 999))).toEqual(done);
      expect(await store().idempotency.removeExpired(999)).toBe(0);
      expect(await store().idempotency.removeExpired(1000)).toBe(1);
      expect(await store().idempotency.begin(claim(id, 'second', 500))).toEqual({ state: 'begun' });
    });

    it('are taken by one of many that ask at once', async () => {
      const { id } = await addDomain(store());
      const states = await Promise.all(
        Array.from({ length: 20 }, (_, index) => store().idempotency.begin(claim(id, `owner ${index}`))),
      );
      expect(states.filter(({ state }) => state === 'begun')).toHaveLength(1);
    });
  });
}
