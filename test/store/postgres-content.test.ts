/** Where contents are in PostgreSQL: partitions by day, compression. */
import { existsSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { timeOfId } from '../../src/store/intake/ids.js';
import type { Store } from '../../src/store/port.js';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { accept, addDomain, contentOf, newMessage, octets, sha256 } from './fixtures.js';
import { type Cluster, startCluster } from './postgres-cluster.js';

const DAY = 86_400_000;
/** Noon of a day. */
const NOON = Date.UTC(2026, 5, 10, 12);

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

/** A store whose clock the test sets. */
async function open(): Promise<{ store: Store; url: string; clock: { now: number } }> {
  const url = await cluster.database();
  const clock = { now: NOON };
  return { store: await openPostgresStore({ url, now: () => clock.now }), url, clock };
}

async function partitions(url: string): Promise<Record<string, number>> {
  const rows = await cluster.query(
    url,
    `SELECT tableoid::regclass::text AS name, count(*)::int AS rows FROM chunk GROUP BY 1
      UNION ALL SELECT inhrelid::regclass::text, 0 FROM pg_inherits WHERE inhparent = 'chunk'::regclass`,
  );
  const counts: Record<string, number> = {};
  for (const { name, rows: count } of rows) {
    counts[String(name)] = Math.max(counts[String(name)] ?? 0, Number(count));
  }
  return counts;
}

const nameOf = (time: number): string => `chunk_${Math.floor(time / DAY)}`;

async function removeOld(store: Store, now: number, contentBefore: number): Promise<number> {
  let contents = 0;
  for (;;) {
    const removed = await store.retention.removeOld({ now, contentBefore, messagesBefore: null });
    if (removed.contents + removed.messages === 0) return contents;
    contents += removed.contents;
  }
}

describe('retention', () => {
  /** Stores a message and gives it up, so that it is finished. */
  const finished = async (store: Store, domainId: number, receivedAt: number): Promise<number> => {
    const id = await accept(store, newMessage(domainId, { receivedAt }), octets(1000));
    await store.queue.cancel(id, receivedAt);
    expect(Math.floor(timeOfId(id) / DAY)).toBe(Math.floor(receivedAt / DAY));
    return id;
  };

  it('drops the partition of a day once all of its content is removed, and deletes no row before', async () => {
    const opened = await open();
    const { url, clock } = opened;
    let { store } = opened;
    const domain = await addDomain(store);
    const morning = await finished(store, domain.id, NOON);
    // Ids follow the clock at once only after a start.
    const later = async (time: number): Promise<void> => {
      await store.close();
      clock.now = time;
      store = await openPostgresStore({ url, now: () => clock.now });
    };
    await later(NOON + 6 * 3_600_000);
    const evening = await finished(store, domain.id, clock.now);
    await later(NOON + DAY);
    await finished(store, domain.id, clock.now);
    expect(await partitions(url)).toMatchObject({ [nameOf(NOON)]: 2, [nameOf(NOON + DAY)]: 1 });

    expect(await removeOld(store, clock.now, NOON + 3_600_000)).toBe(1);
    expect(await partitions(url)).toMatchObject({ [nameOf(NOON)]: 2 });
    expect((await contentOf(store, morning)).length).toBe(0);
    expect((await store.message(morning))?.contentRemoved).toBe(true);
    expect((await contentOf(store, evening)).length).toBe(1000);
    expect((await store.domainRecords.totals()).contentOctets).toBe(2000);

    expect(await removeOld(store, clock.now, NOON + 12 * 3_600_000)).toBe(1);
    expect(await partitions(url)).not.toHaveProperty(nameOf(NOON));
    expect(await partitions(url)).toMatchObject({ [nameOf(NOON + DAY)]: 1 });
    expect((await contentOf(store, evening)).length).toBe(0);
    expect((await store.domainRecords.totals()).contentOctets).toBe(1000);
    await store.close();
  });

  it('deletes the rows of a day that still has content a day later, and of domains with a rule of their own', async () => {
    const { store, url, clock } = await open();
    const [domain, own] = [await addDomain(store), await addDomain(store, 'own.example')];
    await store.domainRecords.setRetention('all', 'own.example', {
      ...{ contentAge: 3_600_000, messageAge: null, contentOctets: null },
    });
    await finished(store, domain.id, NOON);
    const held = await accept(store, newMessage(domain.id, { receivedAt: NOON }), octets(1000));
    await finished(store, own.id, NOON);
    expect(await partitions(url)).toMatchObject({ [nameOf(NOON)]: 3 });
    clock.now = NOON + 10 * DAY;
    expect(await removeOld(store, clock.now, NOON + 3_600_000)).toBe(2);
    expect(await partitions(url)).toMatchObject({ [nameOf(NOON)]: 2 });
    expect(await removeOld(store, clock.now, NOON + DAY)).toBe(0);
    expect(await partitions(url)).toMatchObject({ [nameOf(NOON)]: 2 });
    expect(await removeOld(store, clock.now, NOON + 2 * DAY)).toBe(0);
    expect(await partitions(url)).toMatchObject({ [nameOf(NOON)]: 1 });
    expect((await contentOf(store, held)).length).toBe(1000);
    await store.queue.cancel(held, NOON);
    expect(await removeOld(store, clock.now, NOON + 3 * DAY)).toBe(1);
    expect(await partitions(url)).not.toHaveProperty(nameOf(NOON));
    await store.close();
  });

  it('keeps the partition of today, and of a message that is just coming in', async () => {
    const { store, url, clock } = await open();
    const domain = await addDomain(store);
    const draft = store.open();
    await draft.write(octets(600_000));
    await expect.poll(async () => (await partitions(url))[nameOf(NOON)], { timeout: 20_000 }).toBe(2);
    await removeOld(store, clock.now, NOON + 30 * DAY);
    clock.now = NOON + DAY;
    await removeOld(store, clock.now, NOON + 30 * DAY);
    await draft.commit(newMessage(domain.id, { receivedAt: NOON }));
    expect(sha256(await contentOf(store, draft.id))).toBe(sha256(octets(600_000)));
    await store.close();
  });
});

describe('partitions', () => {
  /** Stores a message on each of three days. */
  const threeDays = async (): Promise<{ store: Store; url: string; ids: number[] }> => {
    const opened = await open();
    const { url, clock } = opened;
    let { store } = opened;
    const domain = await addDomain(store);
    const ids: number[] = [];
    for (let day = 0; day < 3; day++) {
      await store.close();
      clock.now = NOON + day * DAY;
      store = await openPostgresStore({ url, now: () => clock.now });
      const content = Buffer.from(`X-Day: day${day} every\r\n\r\ntext ${day}`);
      ids.push(
        await accept(store, newMessage(domain.id, { receivedAt: clock.now, status: 'queued' }), content),
      );
    }
    return { store, url, ids };
  };

  it('searches header values without the partitions of other days', async () => {
    const { store, url, ids } = await threeDays();
    const find = async (word: string): Promise<number[]> => {
      const search = [{ kind: 'text', text: word, negated: false }] as const;
      const { messages } = await store.mail.page('all', { filter: { search }, limit: 10 });
      return messages.map(({ id }) => id);
    };
    expect(await find('every')).toEqual([...ids].reverse());
    const indexed = async (): Promise<unknown> =>
      (await cluster.query(url, 'SELECT count(*)::int AS left FROM search_journal'))[0]?.['left'];
    await expect.poll(indexed, { timeout: 60_000 }).toBe(0);
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    try {
      await other.query(`BEGIN; LOCK TABLE ONLY ${nameOf(NOON)} IN ACCESS EXCLUSIVE MODE`);
      // More often than PostgreSQL makes plans for known values before it makes one for all.
      for (let turn = 0; turn < 8; turn++) {
        expect(await find('day1')).toEqual([ids[1]]);
        expect(await find('day2')).toEqual([ids[2]]);
      }
    } finally {
      await other.end();
    }
    expect(await find('day0')).toEqual([ids[0]]);
    await store.close();
  });

  it('leases messages of several days with their contents', async () => {
    const { store, ids } = await threeDays();
    const now = NOON + 2 * DAY + 60_000;
    const request = { now, until: now + 60_000, limit: 10, perDomain: 10, contentOctets: 1000 };
    const leases = await store.queue.lease(request);
    const contents = new Map(leases.map(({ id, content }) => [id, Buffer.from(content ?? []).toString()]));
    expect(contents).toEqual(
      new Map(ids.map((id, day) => [id, `X-Day: day${day} every\r\n\r\ntext ${day}`])),
    );
    await store.close();
  });
});

describe('compression', () => {
  const stored = async (cluster: Cluster): Promise<{ method: unknown; share: number }> => {
    const url = await cluster.database();
    const store = await openPostgresStore({ url });
    const domain = await addDomain(store);
    const text = Buffer.from('A line of text, as mail has many.\r\n'.repeat(2000));
    const id = await accept(store, newMessage(domain.id), text);
    expect(sha256(await contentOf(store, id))).toBe(sha256(text));
    await store.close();
    const [row] = await cluster.query(
      url,
      'SELECT pg_column_compression(octets) AS method, pg_column_size(octets) AS size FROM chunk',
    );
    return { method: row?.['method'], share: Number(row?.['size']) / text.length };
  };

  it('is lz4 if the server has it, and none otherwise', async () => {
    const [row] = await cluster.query(
      await cluster.database(),
      `SELECT 'lz4' = ANY (enumvals) AS has FROM pg_settings WHERE name = 'default_toast_compression'`,
    );
    const { method, share } = await stored(cluster);
    expect(method).toBe(row?.['has'] === true ? 'lz4' : null);
    if (method === null) expect(share).toBeGreaterThanOrEqual(1);
    else expect(share).toBeLessThan(0.5);
  });

  const debian = ['18', '17', '16', '15', '14']
    .map((version) => `/usr/lib/postgresql/${version}/bin`)
    .find((folder) => existsSync(`${folder}/initdb`));

  it.skipIf(debian === undefined)(
    "is lz4 on Debian's server (skipped if that is not installed)",
    async () => {
      const own = await startCluster({ binaries: debian ?? '' });
      try {
        expect(await stored(own)).toEqual({ method: 'lz4', share: expect.any(Number) });
        expect((await stored(own)).share).toBeLessThan(0.5);
      } finally {
        await own.stop();
      }
    },
  );
});
