/** What several nodes on one PostgreSQL database share beside the mail: rates, failed sign-ins, live events. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MailChange } from '../../src/store/mail.js';
import type { Store } from '../../src/store/port.js';
import { parseAddress } from '../../src/store/postgres/address.js';
import { SharedAuthFailures } from '../../src/store/postgres/auth-failures.js';
import { Connections } from '../../src/store/postgres/connections.js';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { settlement } from './contract-queue.js';
import { accept, addDomain, newMessage } from './fixtures.js';
import { type Cluster, startCluster } from './postgres-cluster.js';

const SOON = { timeout: 30_000, interval: 50 };

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

describe('three nodes', () => {
  const PER_MINUTE = 1200;
  let url: string;
  let nodes: Store[];
  let domain: number;

  beforeEach(async () => {
    url = await cluster.schema();
    const open = () => openPostgresStore({ url });
    nodes = [await open(), await open(), await open()];
    for (const [process, node] of nodes.entries()) {
      const load = { connections: 0, delivering: 0, memory: 0, cpu: 0 };
      await node.nodes.announce({ name: 'mx.example', version: '1', process }, () => load);
    }
    domain = (await addDomain(nodes[0] as Store)).id;
  });
  afterEach(async () => {
    for (const node of nodes) await node.close();
  });

  /**
   * Takes, each node with a pause of its own between two takes, until the rate is used up and so many milliseconds have
   * passed. Returns how many each node was given.
   */
  async function load(milliseconds: number, pauses: readonly number[]): Promise<number[]> {
    const end = performance.now() + milliseconds;
    let isUsedUp = false;
    return Promise.all(
      pauses.map(async (pause, at) => {
        let given = 0;
        while (performance.now() < end || !isUsedUp) {
          if ((await nodes[at]?.rates.take('messages', domain, PER_MINUTE)) === 0) given++;
          else isUsedUp = true;
          await new Promise((resolve) => (pause === 0 ? setImmediate(resolve) : setTimeout(resolve, pause)));
        }
        return given;
      }),
    );
  }

  it('together allow what one would, to 10 %, under uneven load', async () => {
    const start = performance.now();
    const given = await load(4000, [0, 40, 700]);
    const allowed = PER_MINUTE * (1 + (performance.now() - start) / 60_000);
    const sum = given.reduce((all, one) => all + one, 0);
    expect(sum / allowed).toBeGreaterThan(0.9);
    expect(sum / allowed).toBeLessThan(1.1);
    // None of them gets nothing.
    expect(Math.min(...given)).toBeGreaterThan(0);
  }, 60_000);

  it('let one of them have all of it, also after the others had some', async () => {
    const start = performance.now();
    for (const node of nodes.slice(1)) {
      for (let n = 0; n < 60; n++) expect(await node.rates.take('messages', domain, PER_MINUTE)).toBe(0);
    }
    const [given = 0] = await load(0, [0]);
    const allowed = PER_MINUTE * (1 + (performance.now() - start) / 60_000) - 120;
    expect(given / allowed).toBeGreaterThan(0.9);
    expect(given / allowed).toBeLessThan(1.1);
  }, 60_000);

  it('give back what they do not use, and what they have in hand when they stop', async () => {
    const granted = async () => (await cluster.query(url, 'SELECT granted FROM rate'))[0]?.['granted'];
    const [a, b] = nodes as [Store, Store];
    // So fast that a node asks ahead.
    for (let n = 0; n < 100; n++) await a.rates.take('messages', domain, PER_MINUTE);
    await expect.poll(granted, { timeout: 30_000 }).toBeLessThan(0);
    for (let n = 0; n < 100; n++) await b.rates.take('messages', domain, PER_MINUTE);
    expect(await granted()).toBeGreaterThan(0);
    await b.close();
    expect(await granted()).toBeLessThan(0);
  }, 60_000);

  it('count the failed sign-ins of a network that came to others since they were asked last', async () => {
    const [a, b, c] = nodes as [Store, Store, Store];
    const note = (node: Store, network = '192.0.2.7') => node.authFailures.note(network, 60_000);
    for (let n = 0; n < 3; n++) expect(await note(a)).toBe(0);
    expect(await note(b)).toBe(3);
    expect(await note(b)).toBe(0);
    expect(await note(b, '192.0.2.8')).toBe(0);
    expect(await note(a)).toBe(2);
    expect(await note(c)).toBe(6);
    const count = async () =>
      (await cluster.query(url, 'SELECT count(*)::int AS n FROM auth_failure'))[0]?.['n'];
    expect(await count()).toBe(2);
    // They have run out: what comes next begins anew.
    await cluster.query(url, 'UPDATE auth_failure SET until = 1');
    expect(await note(a)).toBe(0);
    expect(await note(b)).toBe(1);
    const memory = new SharedAuthFailures(new Connections(parseAddress(url)));
    expect(await memory.removeOld()).toBe(1);
    expect(await count()).toBe(1);
    await memory.close();
    await cluster.query(url, 'DROP TABLE auth_failure');
    expect(await note(a)).toBe(0);
  });

  it('keep a bounded number of networks', async () => {
    const [a] = nodes as [Store];
    await cluster.query(
      url,
      `INSERT INTO auth_failure SELECT n, 'full', 1, 9e15::int8, 1 FROM generate_series(0, 65535) AS n`,
    );
    for (let n = 0; n < 50; n++) expect(await a.authFailures.note(`2001:db8:${n}::/64`, 60_000)).toBe(0);
    const [row] = await cluster.query(url, 'SELECT count(*)::int AS n FROM auth_failure');
    expect(row?.['n']).toBe(65_536);
  });

  it('learn what happens to messages at others, one by one, and of what cannot be listed that it happened', async () => {
    const [a, b, c] = nodes as [Store, Store, Store];
    const seen: (MailChange | 'missed')[] = [];
    const end = b.mail.watch('all', {
      changed: (changes) => void seen.push(...changes),
      missed: () => void seen.push('missed'),
    });
    const kinds = () => seen.map((one) => (one === 'missed' ? one : `${one.id} ${one.kind} ${one.status}`));
    // Each is heard of once as something unknown: its first signal has no one before it.
    for (const node of [a, c]) {
      const before = seen.length;
      await accept(node, newMessage(domain));
      await expect.poll(() => seen.slice(before), SOON).toContain('missed');
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
    seen.length = 0;
    const queued = await accept(a, newMessage(domain, { status: 'queued' }));
    await expect.poll(kinds, SOON).toEqual([`${queued} accepted queued`]);
    const [lease] = await c.queue.lease({
      now: Date.now(),
      until: Date.now() + 60_000,
      limit: 1,
      perDomain: 9,
    });
    if (lease === undefined) throw new Error('nothing is leased');
    await c.queue.settle(lease, [settlement(0, 'delivered')], true);
    await expect.poll(kinds, SOON).toEqual([`${queued} accepted queued`, `${queued} status null`]);
    await a.mail.operate('all', { operation: 'delete', selection: { ids: [queued] }, now: Date.now() });
    await expect.poll(kinds, SOON).toContain(`${queued} removed null`);
    expect(seen).not.toContain('missed');
    // More at once than one signal takes.
    seen.length = 0;
    const many = await Promise.all(Array.from({ length: 700 }, () => accept(a, newMessage(domain))));
    await expect
      .poll(() => new Set(seen.map((one) => one !== 'missed' && one.id)).size, SOON)
      .toBe(many.length);
    expect(seen).not.toContain('missed');
    // Signals that are lost are missed within a second or so. The node may note a lesser number later.
    seen.length = 0;
    await cluster.query(url, 'UPDATE mail_change SET number = number + 1000000 WHERE slot = 0');
    await expect.poll(() => seen, SOON).toEqual(['missed']);
    end();
  }, 60_000);

  /** Reads all pages of what was stored after a message. */
  async function after(node: Store, mark: number | null): Promise<{ ids: number[]; latest: number | null }> {
    const ids: number[] = [];
    let latest: number | null | undefined;
    let before: number | null | undefined;
    while (before !== null) {
      const page = await node.mail.page('all', {
        ...{ filter: {}, limit: 200 },
        ...(mark === null ? {} : { newerThan: mark }),
        ...(before === undefined ? {} : { before }),
      });
      ids.push(...page.messages.map(({ id }) => id));
      latest ??= page.latest;
      before = page.next;
    }
    return { ids, latest: latest ?? mark };
  }

  it('let no reader miss a message whose commit overlaps with that of a greater id', async () => {
    const [a, b, c] = nodes as [Store, Store, Store];
    await cluster.query(
      url,
      `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$;
       CREATE TRIGGER hold AFTER INSERT ON message FOR EACH ROW WHEN (NEW.subject = 'slow') EXECUTE FUNCTION hold()`,
    );
    const waiting = async (what: string) =>
      (await cluster.query(url, `SELECT pid FROM pg_stat_activity WHERE wait_event = '${what}'`)).length;
    const locked = cluster.query(url, 'SELECT pg_advisory_lock(4711), pg_sleep(60)').catch(() => undefined);
    await expect.poll(() => waiting('PgSleep'), SOON).toBe(1);
    const slow = accept(a, newMessage(domain, { subject: 'slow' }));
    await expect.poll(() => waiting('advisory'), SOON).toBe(1);
    const quick = await accept(b, newMessage(domain));
    const reading = after(c, null);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await cluster.query(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`,
    );
    await locked;
    const first = await reading;
    expect(first.ids).toContain(quick);
    const second = await after(c, first.latest);
    expect(new Set([...first.ids, ...second.ids])).toEqual(new Set([quick, await slow]));
    expect((await after(c, second.latest)).ids).toEqual([]);
  }, 60_000);

  it('let no reader miss a message while all of them take in mail', async () => {
    const end = new AbortController();
    const seen = new Set<number>();
    const reading = (async () => {
      let latest: number | null = null;
      let isLast = false;
      while (!isLast) {
        isLast = end.signal.aborted;
        const page: { ids: number[]; latest: number | null } = await after(nodes[2] as Store, latest);
        for (const id of page.ids) seen.add(id);
        latest = page.latest;
      }
    })();
    const stored = await Promise.all(
      Array.from({ length: 24 }, async (_, at) => {
        const ids: number[] = [];
        for (let n = 0; n < 60; n++) ids.push(await accept(nodes[at % 3] as Store, newMessage(domain)));
        return ids;
      }),
    );
    end.abort();
    await reading;
    expect(stored.flat().filter((id) => !seen.has(id))).toEqual([]);
  }, 60_000);

  it('know how many they are, with the next heartbeat', async () => {
    expect(nodes.at(-1)?.nodes.running).toBe(3);
    await expect.poll(() => nodes.map((node) => node.nodes.running), SOON).toEqual([3, 3, 3]);
    await nodes.pop()?.close();
    await expect.poll(() => nodes.map((node) => node.nodes.running), SOON).toEqual([2, 2]);
  });

  it('refuse for now if the database cannot be asked', async () => {
    const [a] = nodes as [Store];
    await cluster.query(url, 'ALTER TABLE rate RENAME TO elsewhere');
    await expect(a.rates.take('messages', domain, PER_MINUTE)).rejects.toMatchObject({ code: 'failed' });
    await cluster.query(url, 'ALTER TABLE elsewhere RENAME TO rate');
    expect(await a.rates.take('messages', domain, PER_MINUTE)).toBe(0);
  });
});
