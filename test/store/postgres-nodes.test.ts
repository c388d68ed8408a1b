/** Several nodes on one PostgreSQL database: what they share, and what becomes of the work of one that is gone. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Domain, Store } from '../../src/store/port.js';
import { idOfTime } from '../../src/store/intake/ids.js';
import { parseAddress } from '../../src/store/postgres/address.js';
import { DatabaseClock } from '../../src/store/postgres/clock.js';
import { Connections } from '../../src/store/postgres/connections.js';
import { Fences } from '../../src/store/postgres/fences.js';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { QueueWatch } from '../../src/store/postgres/queue-watch.js';
import { Signals } from '../../src/store/postgres/signals.js';
import { EVENTS } from '../../src/store/webhooks.js';
import { leaseAt, leaseOne, queued, RECEIVED, settlement, statusesOf } from './contract-queue.js';
import { accept, addDomain, contentOf, newMessage, octets, writeAll } from './fixtures.js';
import { type Cluster, startCluster } from './postgres-cluster.js';

/** How long to wait for a takeover: nodes look for those that are gone every 3 seconds. */
const SOON = { timeout: 25_000, interval: 200 };
const KEYS = { publicKey: new Uint8Array(32), privateKey: new Uint8Array(48) };

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

describe('nodes on one database', () => {
  let url: string;
  let a: Store;
  let b: Store;
  let domain: Domain;

  const open = () => openPostgresStore({ url, chunkOctets: 1000 });
  /** Makes the heartbeat of the first node overdue. Its next one brings it back to life. */
  const silence = () =>
    cluster.query(url, `UPDATE node SET heartbeat_until = now() - interval '1 second' WHERE slot = 0`);

  beforeEach(async () => {
    url = await cluster.schema();
    [a, b] = [await open(), await open()];
    domain = await addDomain(a);
  });
  afterEach(async () => {
    await a.close();
    await b.close();
  });

  it('lease again what a call had leased that failed before it could read it', async () => {
    const id = await queued(a, domain);
    await cluster.query(url, 'ALTER TABLE recipient RENAME TO elsewhere');
    await expect(leaseAt(a, RECEIVED)).rejects.toMatchObject({ code: 'failed' });
    const [row] = await cluster.query(url, 'SELECT lease FROM queue');
    expect(row?.['lease']).not.toBeNull();
    await cluster.query(url, 'ALTER TABLE elsewhere RENAME TO recipient');
    expect((await leaseAt(a, RECEIVED)).map((lease) => lease.id)).toEqual([id]);
  });

  it('lease such events again at once, though the clock of the node that wrote them was ahead', async () => {
    await a.webhooks.set('example.com', { url: 'https://x.example/', events: EVENTS, keys: KEYS }, 7);
    await queued(a, domain);
    const now = Date.now();
    await cluster.query(url, `UPDATE webhook_event SET at = ${now + 3_600_000}`);
    const request = { now, until: now + 60_000, limit: 9 };
    await cluster.query(url, 'ALTER TABLE webhook_event RENAME positions TO elsewhere');
    await expect(a.webhooks.leaseEvents(request)).rejects.toMatchObject({ code: 'failed' });
    await cluster.query(url, 'ALTER TABLE webhook_event RENAME elsewhere TO positions');
    const later = Date.now() + 5_000;
    expect(await a.webhooks.leaseEvents({ ...request, now: later, until: later + 60_000 })).toHaveLength(1);
  });

  it('never have the same message leased, and together all of them', async () => {
    const domains = [domain, await addDomain(a, 'b.example'), await addDomain(a, 'c.example')];
    const ids = await Promise.all(
      Array.from({ length: 240 }, (_, at) => queued(at % 2 === 0 ? a : b, domains[at % 3] ?? domain)),
    );
    const leased: number[] = [];
    const drain = async (store: Store) => {
      for (;;) {
        const leases = await leaseAt(store, RECEIVED, { limit: 7, perDomain: 1000 });
        if (leases.length === 0) return;
        leased.push(...leases.map(({ id }) => id));
      }
    };
    await Promise.all([drain(a), drain(b), drain(a)]);
    expect(leased.sort()).toEqual(ids.sort());
  });

  it('count the leases of all for the cap of a domain, to within one share', async () => {
    for (let count = 0; count < 20; count++) await queued(a, domain);
    const together = await Promise.all(
      [a, b].map((store) => leaseAt(store, RECEIVED, { limit: 4, perDomain: 6 })),
    );
    expect(together.flat().length).toBeGreaterThanOrEqual(6);
    expect(together.flat().length).toBeLessThanOrEqual(6 + 4);
    expect(await leaseAt(a, RECEIVED, { perDomain: 6 })).toEqual([]);
    expect(await leaseAt(b, RECEIVED, { perDomain: together.flat().length + 1 })).toHaveLength(1);
  });

  it('take over the mail of one that is silent; of its results they keep the deliveries', async () => {
    const id = await queued(a, domain, {}, 3);
    const lease = await leaseOne(a);
    await a.queue.begin([lease]);
    await silence();
    await expect.poll(() => b.queue.nextDue(), SOON).toBe(RECEIVED);
    const again = await leaseOne(b);
    expect(again).toMatchObject({ id, crashes: { count: 1, alone: true } });
    expect(again.lease).not.toBe(lease.lease);

    // It was only paused, and continues.
    expect(await a.queue.renew([lease], RECEIVED + 900_000)).toEqual([]);
    expect(await b.queue.nextDue()).toBe(again.until);
    const results = [settlement(0, 'delivered'), settlement(1, 'bounced'), settlement(2, 'deferred')];
    await a.queue.settle(lease, results, true);
    await a.queue.giveBack(lease, RECEIVED);
    expect(await statusesOf(b, id)).toEqual(['queued', 'delivered', 'queued', 'queued']);
    expect(await a.queue.nextDue()).toBe(again.until);
    await b.queue.settle(again, [settlement(1, 'delivered'), settlement(2, 'delivered')], true);
    expect(await statusesOf(a, id)).toEqual(['delivered', 'delivered', 'delivered', 'delivered']);
  });

  it('leave its mail to one that was silent as long as the others', async () => {
    // The database was away: a new node cannot know whether the others live, and neither has nor takes a slot of theirs.
    await b.close();
    const id = await queued(a, domain);
    const lease = await leaseOne(a);
    await silence();
    const c = await open();
    const holders = await cluster.query(url, 'SELECT lease::float8 AS lease, slot FROM queue');
    expect(holders).toEqual([{ lease: lease.lease, slot: 0 }]);
    await a.queue.settle(lease, [settlement(0, 'delivered')], true);
    expect(await statusesOf(c, id)).toEqual(['delivered', 'delivered']);
    await c.close();
  });

  it('take over the events of one that is silent', async () => {
    await a.webhooks.set('example.com', { url: 'https://x.example/', events: EVENTS, keys: KEYS }, 7);
    await queued(a, domain);
    const request = { now: RECEIVED, until: RECEIVED + 60_000, limit: 9 };
    const [event] = await a.webhooks.leaseEvents(request);
    await a.webhooks.beginEvent(event?.event ?? 0);
    expect(await b.webhooks.leaseEvents(request)).toEqual([]);
    await silence();
    await expect.poll(() => b.webhooks.nextEventDue(), SOON).toBe(RECEIVED);
    expect(await b.webhooks.leaseEvents(request)).toMatchObject([
      { event: event?.event, crashes: { count: 1, alone: true } },
    ]);
  });

  it('remove what a silent one was taking in, and it takes no more of that', async () => {
    const draft = a.open();
    await writeAll(draft, octets(5000));
    const kept = await accept(a, newMessage(domain.id), octets(5000));
    const chunks = async () => {
      const rows = await cluster.query(
        url,
        `SELECT count(*)::int AS n FROM chunk WHERE message_id = ${draft.id}`,
      );
      return rows[0]?.['n'];
    };
    await expect.poll(chunks, SOON).toBeGreaterThan(0);
    await silence();
    await expect.poll(chunks, SOON).toBe(0);
    await expect(draft.commit(newMessage(domain.id))).rejects.toMatchObject({ code: 'failed' });
    expect(await b.message(draft.id)).toBeNull();
    expect(await contentOf(b, kept)).toHaveLength(5000);
  });

  it('have the mail of one that stops in order at once, and count no crash', async () => {
    const id = await queued(a, domain);
    await a.queue.begin([await leaseOne(a)]);
    expect(await leaseAt(b, RECEIVED)).toEqual([]);
    await a.close();
    const lease = await leaseOne(b);
    expect(lease.id).toBe(id);
    expect(lease.crashes).toBeUndefined();
  });

  it('are woken by mail that another one takes in, and by what it releases or retries', async () => {
    const held = await queued(a, domain, { status: 'held' });
    const waiting = await queued(a, domain, { terms: { releaseAt: RECEIVED + 9_000_000_000_000 } });
    let called = 0;
    const end = b.queue.watch(() => called++);
    const wakes = async (change: () => Promise<unknown>) => {
      const before = called;
      await change();
      await expect.poll(() => called, SOON).toBeGreaterThan(before);
    };
    await wakes(() => queued(a, domain));
    await wakes(() => a.queue.release(held, RECEIVED));
    await wakes(() => a.queue.retry(waiting, RECEIVED));
    end();
  });

  it('signal to each other, and not to themselves', async () => {
    const connections = new Connections(parseAddress(url));
    const [one, two] = [new Signals(connections, '1'), new Signals(connections, '2')];
    const calls: string[] = [];
    one.on('queue', () => calls.push('one'));
    two.on('queue', () => calls.push('two'));
    two.on('watch', () => calls.push('two: watch'));
    // Each is called once when it listens, since it may have missed something.
    await expect.poll(() => [...calls].sort(), SOON).toEqual(['one', 'two', 'two: watch']);
    one.send('queue');
    await expect.poll(() => calls.slice(3), SOON).toEqual(['two']);
    two.send('queue');
    await expect.poll(() => calls.slice(4), SOON).toEqual(['one']);
    await Promise.all([one.close(), two.close()]);
    await connections.close();
  });

  it('are not woken by another installation in the same database', async () => {
    const other = await cluster.schema();
    await (await openPostgresStore({ url: other })).close();
    const connections = [url, url, other].map((each) => new Connections(parseAddress(each)));
    const [one, two, stranger] = connections.map((each, at) => new Signals(each, String(at)));
    const calls: string[] = [];
    const listen = (name: string) => () => void calls.push(name);
    two?.on('queue', listen('two'));
    stranger?.on('queue', listen('stranger'));
    await expect.poll(() => [...calls].sort(), SOON).toEqual(['stranger', 'two']);
    // Signals of one database come in their order.
    stranger?.send('queue');
    await expect
      .poll(async () => {
        one?.send('queue');
        await new Promise((resolve) => setTimeout(resolve, 50));
        return calls.length;
      }, SOON)
      .toBeGreaterThan(3);
    expect(calls.slice(2).filter((name) => name === 'stranger')).toEqual([]);
    expect(calls.slice(2)).toContain('two');
    for (const each of [one, two, stranger]) await each?.close();
    for (const each of connections) await each.close();
  });

  it('find mail without a signal', async () => {
    const [connection, queue] = [new Connections(parseAddress(url)), b.queue];
    // It receives no signals.
    const signals = new Signals(connection, 'deaf');
    await signals.close();
    const watch = new QueueWatch(signals, () => queue.nextDue());
    let called = 0;
    watch.add(() => called++);
    await queued(a, domain);
    await expect.poll(() => called, SOON).toBeGreaterThan(0);
    watch.end();
    await connection.close();
  });

  it('forget the numbers of groups that are stored after an hour, and of fenced ones after a month', async () => {
    const connections = new Connections(parseAddress(url));
    const fences = new Fences(connections, await DatabaseClock.read(connections));
    const now = Date.now();
    const at = (days: number) => idOfTime(now - days * 86_400_000);
    await accept(a, newMessage(domain.id));
    await cluster.query(
      url,
      `INSERT INTO accept_group VALUES (${at(1)}, false), (${at(2)}, true), (${at(31)}, true), (${at(32)}, false)`,
    );
    expect(await fences.removeOld(now)).toBe(3);
    const left = await cluster.query(url, 'SELECT fenced FROM accept_group ORDER BY id');
    expect(left.map(({ fenced }) => fenced)).toEqual([true, false]);
    await fences.close();
    await connections.close();
  });
});
