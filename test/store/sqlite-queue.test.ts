/** The promises of the queue for any end of the process, and for any order of events. */
import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/port.js';
import type { Lease } from '../../src/store/queue.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { isFinal, statusOf } from '../../src/store/status.js';
import { EVENTS } from '../../src/store/webhooks.js';
import { leaseAt, queued, RECEIVED, settlement, statusesOf } from './contract-queue.js';
import { accept, addDomain, contentOf, newMessage, octets, tempFolder } from './fixtures.js';
import { databaseFile, nextLine, runChild } from './sqlite-fixtures.js';

describe('the queue', () => {
  let folder: ReturnType<typeof tempFolder>;
  let store: Store;
  const open = () => openSqliteStore({ directory: folder.path, exclusive: true });
  beforeEach(async () => {
    folder = tempFolder();
    store = await open();
  });
  afterEach(async () => {
    await store.close();
    folder.remove();
  });

  // Invariant: for any settlements under any leases, over restarts and jumps of the clock, no two leases of a message
  // hold at once, a final status stays, and the end is one final status for each recipient.
  it('reaches one final status for each recipient, whatever happens on the way', async () => {
    const domain = await addDomain(store);
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('lease' as const), ms: fc.integer({ min: 1, max: 50 }) }),
      },
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('settle' as const),
          which: fc.nat(5),
          outcomes: fc.array(fc.constantFrom('delivered', 'deferred', 'bounced', null), {
            minLength: 2,
            maxLength: 2,
          }),
          finished: fc.boolean(),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'retry' as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('jump' as const), ms: fc.integer({ min: -100, max: 100 }) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const id = await queued(store, domain, {}, 2);
        let now = RECEIVED;
        const leases: Lease[] = [];
        let before = await statusesOf(store, id);
        for (const each of steps) {
          now += 1;
          if (each.do === 'jump') now += each.ms;
          if (each.do === 'cancel') await store.queue.cancel(id, now);
          if (each.do === 'retry') await store.queue.retry(id, now);
          if (each.do === 'restart') {
            await store.close();
            store = await open();
          }
          if (each.do === 'lease') {
            const given = await store.queue.lease({ now, until: now + each.ms, limit: 9, perDomain: 9 });
            leases.push(...given);
            // Until its end, a lease belongs to one server.
            expect(await store.queue.lease({ now, until: now + 1, limit: 9, perDomain: 9 })).toEqual([]);
          }
          const lease =
            each.do === 'settle' ? leases.at(-1 - (each.which % Math.max(1, leases.length))) : undefined;
          if (each.do === 'settle' && lease !== undefined) {
            const settlements = each.outcomes.flatMap((outcome, position) =>
              outcome === null
                ? []
                : [settlement(position, outcome, { nextAttemptAt: outcome === 'deferred' ? now + 5 : null })],
            );
            await store.queue.settle(lease, settlements, each.finished);
          }
          const after = await statusesOf(store, id);
          for (const [at, status] of before.entries()) {
            if (at > 0 && isFinal(status as 'held')) expect(after[at]).toBe(status);
          }
          expect(after[0]).toBe(statusOf(after.slice(1) as 'held'[]));
          before = after;
        }
        now += 1000;
        const [last] = await store.queue.lease({ now, until: now + 1, limit: 9, perDomain: 9 });
        expect(last === undefined).toBe(before.slice(1).every((status) => isFinal(status as 'held')));
        if (last !== undefined) {
          const rest = last.recipients.map(({ position }) => settlement(position, 'bounced'));
          await store.queue.settle(last, rest, true);
        }
        const message = await store.message(id);
        for (const { status, attempts, nextAttemptAt } of message?.recipients ?? []) {
          expect(isFinal(status)).toBe(true);
          expect(nextAttemptAt).toBeNull();
          expect(attempts.filter(({ outcome }) => outcome !== 'deferred')).toHaveLength(1);
        }
        expect(await store.queue.nextDue()).toBeNull();
      }),
      { numRuns: 60 },
    );
  });

  it('keeps its leases while a command opens the store beside it', async () => {
    const domain = await addDomain(store);
    await queued(store, domain);
    const [lease] = await store.queue.lease({ now: RECEIVED, until: RECEIVED + 10, limit: 1, perDomain: 1 });
    expect(lease).toBeDefined();
    const beside = await openSqliteStore({ directory: folder.path, exclusive: false });
    expect(await beside.queue.nextDue()).toBe(RECEIVED + 10);
    await beside.close();
  });

  it('notifies watchers of messages that another process has put onto it', async () => {
    const domain = await addDomain(store);
    const held = await queued(store, domain, { status: 'held' });
    let recorded: () => void = () => undefined;
    const end = store.queue.watch(() => recorded());
    // The first look calls the watcher needlessly.
    await new Promise<void>((resolve) => (recorded = resolve));
    const heard = new Promise<void>((resolve) => (recorded = resolve));
    const beside = await openSqliteStore({ directory: folder.path, exclusive: false });
    await beside.queue.release(held, RECEIVED);
    await beside.close();
    await heard;
    end();
    expect(await store.queue.nextDue()).toBe(RECEIVED);
  });

  it('says that messages have changed when another process did it, and not when nothing happened', async () => {
    const domain = await addDomain(store);
    const held = await queued(store, domain, { status: 'held' });
    let missed = 0;
    const end = store.mail.watch('all', { changed: () => undefined, missed: () => missed++ });
    // Longer than the time between two looks.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(missed).toBe(0);
    const beside = await openSqliteStore({ directory: folder.path, exclusive: false });
    await beside.queue.cancel(held, RECEIVED);
    await beside.close();
    await expect.poll(() => missed, { timeout: 10_000 }).toBeGreaterThan(0);
    end();
  });

  it('loses no settlement that has resolved before kill -9, and stores none in part', async () => {
    await store.close();
    const delivered = new Set<number>();
    for (let round = 0; round < 3; round++) {
      const child = runChild('settle.mjs', [folder.path]);
      expect(await nextLine(child)).toBe('ready');
      const enough = delivered.size + 40;
      let killed: Promise<void> | undefined;
      for (let line = await child.lines.next(); line.done !== true; line = await child.lines.next()) {
        // The kill may cut a line; then no settlement was reported by it.
        const id = /^settled (\d+)\.$/.exec(line.value)?.[1];
        if (id !== undefined) delivered.add(Number(id));
        if (delivered.size >= enough) killed ??= child.kill();
      }
      await killed;
      store = await open();
      for (const { id, status } of await store.messages({ limit: 10_000 })) {
        const recipients = (await store.message(id))?.recipients ?? [];
        const [first, second] = recipients;
        expect([first?.status, second?.status]).toEqual(
          status === 'queued' ? ['queued', 'queued'] : ['delivered', 'bounced'],
        );
        expect(recipients.map(({ attempts }) => attempts.length)).toEqual(
          status === 'queued' ? [0, 0] : [1, 1],
        );
        if (delivered.has(id)) expect(status).toBe('bounced');
      }
      const owed = new Set((await store.queue.owedReports(10_000)).map(({ id }) => id));
      for (const id of delivered) expect(owed.has(id)).toBe(true);
      await store.close();
    }
    store = await open();
    const [domain] = await store.domains();
    expect(await store.blockList.isEmpty(domain?.id ?? 0)).toBe(false);
  });

  it('leases a message without its content if the disk does not give that out', async () => {
    const domain = await addDomain(store);
    const facts = { status: 'queued', receivedAt: RECEIVED } as const;
    const content = octets(10_000);
    const damaged = await accept(store, newMessage(domain.id, facts), content);
    const other = await accept(store, newMessage(domain.id, facts), octets(10_000, 2));
    await store.close();
    damage(databaseFile(folder.path), content);
    store = await open();
    const request = { until: RECEIVED + 60_000, perDomain: 9, contentOctets: 16_384 };
    const leases = await store.queue.lease({ ...request, now: RECEIVED, limit: 9 });
    expect(leases.map(({ id, content: whole }) => [id, whole?.length])).toEqual([
      [damaged, undefined],
      [other, 10_000],
    ]);
    await expect(contentOf(store, damaged)).rejects.toMatchObject({ name: 'StoreError', code: 'failed' });
  });

  describe('after a crash', () => {
    /** Kills a server that had begun so many attempts, which may have lasted. Returns how many messages and events it had leased. */
    async function crash(messages: number, events = 0, lasts = ''): Promise<string> {
      await store.close();
      const child = runChild('begin.mjs', [folder.path, String(messages), String(events), lasts]);
      const line = await nextLine(child);
      await child.kill();
      store = await open();
      return line;
    }
    const leases = (): Promise<Lease[]> => leaseAt(store, Date.now());
    const crashes = async (): Promise<unknown[]> => (await leases()).map((lease) => lease.crashes);

    it('knows which messages were being attempted, and forgets it once an attempt ends', async () => {
      const domain = await addDomain(store);
      for (let count = 0; count < 3; count++) await queued(store, domain);
      expect(await crash(2)).toBe('begun 3 0');
      expect(await crash(1)).toBe('begun 3 0');
      const list = await leases();
      expect(list.map((lease) => lease.crashes)).toEqual([
        { count: 2, alone: true },
        { count: 1, alone: false },
        undefined,
      ]);
      for (const lease of list) {
        await store.queue.settle(lease, [{ ...settlement(0, 'deferred'), nextAttemptAt: RECEIVED }], true);
      }
      expect(await crashes()).toEqual([undefined, undefined, undefined]);
    });

    it('blames no message if an event was under way beside it', async () => {
      const domain = await addDomain(store);
      const keys = { publicKey: new Uint8Array(32), privateKey: new Uint8Array(48) };
      await store.webhooks.set(domain.name, { url: 'https://example.com/', events: EVENTS, keys }, 7);
      await queued(store, domain);
      await queued(store, domain);
      expect(await crash(1, 1)).toBe('begun 2 2');
      expect(await crashes()).toEqual([{ count: 1, alone: false }, undefined]);
      const now = Date.now();
      const events = await store.webhooks.leaseEvents({ now, until: now + 1000, limit: 9 });
      expect(events.map((event) => event.crashes)).toEqual([{ count: 1, alone: false }, null]);
      await store.webhooks.deferEvent(events[0]?.event ?? 0, now);
      expect(await store.webhooks.leaseEvents({ now, until: now + 1000, limit: 9 })).toMatchObject([
        { crashes: null, attempts: 1 },
      ]);
    });

    it('blames an event only if nothing else was under way, and its attempt had not lasted', async () => {
      const domain = await addDomain(store);
      const keys = { publicKey: new Uint8Array(32), privateKey: new Uint8Array(48) };
      await store.webhooks.set(domain.name, { url: 'https://example.com/', events: EVENTS, keys }, 7);
      await queued(store, domain);
      const blamed = async () => {
        const now = Date.now();
        const [event] = await store.webhooks.leaseEvents({ now, until: now + 1, limit: 9 });
        return event?.crashes;
      };
      expect(await crash(0, 1)).toBe('begun 1 1');
      expect(await blamed()).toEqual({ count: 1, alone: true });
      expect(await crash(1, 1)).toBe('begun 1 1');
      expect(await blamed()).toEqual({ count: 2, alone: false });
      expect(await crash(0, 1)).toBe('begun 1 1');
      expect(await blamed()).toEqual({ count: 3, alone: true });
      expect(await crash(0, 1, 'lasts')).toBe('begun 1 1');
      expect(await blamed()).toEqual({ count: 4, alone: false });
    });

    it('blames no message if its attempt had lasted', async () => {
      await queued(store, await addDomain(store));
      expect(await crash(1)).toBe('begun 1 0');
      expect(await crashes()).toEqual([{ count: 1, alone: true }]);
      expect(await crash(1, 0, 'lasts')).toBe('begun 1 0');
      expect(await crashes()).toEqual([{ count: 2, alone: false }]);
    });

    it('counts no attempt of a server that stopped in order', async () => {
      await queued(store, await addDomain(store));
      await store.queue.begin(await leases());
      await store.close();
      store = await open();
      expect(await crashes()).toEqual([undefined]);
    });

    it('counts no attempt that was given back, and none under a stale lease', async () => {
      const domain = await addDomain(store);
      const now = Date.now();
      await queued(store, domain);
      const [stale] = await leaseAt(store, now, { until: now + 1 });
      const [current] = await leaseAt(store, now + 1, { until: now + 60_000 });
      if (stale === undefined || current === undefined) throw new Error('no lease');
      await store.queue.begin([stale]);
      expect(await crash(0)).toBe('begun 1 0');
      const [again] = await leases();
      if (again === undefined) throw new Error('no lease');
      expect(again.crashes).toBeUndefined();
      await store.queue.begin([again]);
      await store.queue.giveBack(again, now);
      expect(await crash(0)).toBe('begun 1 0');
      expect(await crashes()).toEqual([undefined]);
    });
  });
});

/** Makes content of 10,000 octets unreadable: the page that has its middle names a next page that does not exist. */
function damage(file: string, content: Uint8Array): void {
  const database = readFileSync(file);
  const pageSize = database.readUInt16BE(16);
  const at = database.indexOf(content.subarray(3_000, 3_100));
  if (at < 0) throw new Error('the content was not found');
  database.writeUInt32BE(0x7fffffff, at - (at % pageSize));
  writeFileSync(file, database);
}
