/** Whatever is wrong with the database: the store says so in words, loses nothing, and goes on by itself. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { StoreError } from '../../src/store/port.js';
import { parseAddress } from '../../src/store/postgres/address.js';
import { Connections } from '../../src/store/postgres/connections.js';
import { OutcomeUnknown } from '../../src/store/postgres/errors.js';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { Proxy } from '../chaos/proxy.js';
import { accept, addDomain, contentOf, newMessage, octets, sha256 } from './fixtures.js';
import { hasPgBouncer, startPgBouncer } from './pgbouncer.js';
import { canHaveSmallDevice, type Cluster, startCluster } from './postgres-cluster.js';

const SECRET = 'pass-that-nobody-sees';

type Opened = Awaited<ReturnType<typeof openPostgresStore>>;

const open = (url: string, warnings: string[] = []): Promise<Opened> =>
  openPostgresStore({ url, outcomeTime: 500, onWarning: (warning) => warnings.push(warning) });

/** Opens a database that must refuse it, and returns why. */
async function refusal(url: string): Promise<StoreError> {
  const error = await open(url).then(
    async (store) => {
      await store.close();
      throw new Error('the store was opened');
    },
    (error: unknown) => error,
  );
  if (!(error instanceof StoreError)) throw error;
  expect(`${error.message} ${String(error.stack)}`).not.toContain(SECRET);
  return error;
}

describe('a database that cannot have the store', () => {
  let cluster: Cluster;
  let url: string;
  beforeAll(async () => {
    cluster = await startCluster({
      settings: { max_connections: '16', superuser_reserved_connections: '3', fsync: 'off' },
      access: ['host all locked 127.0.0.1/32 scram-sha-256', 'hostnossl all tls_only 127.0.0.1/32 reject'],
    });
    url = await cluster.database();
    await cluster.query(url, `CREATE ROLE locked LOGIN PASSWORD 'other'; CREATE ROLE guest LOGIN`);
    await cluster.query(url, 'CREATE ROLE tls_only LOGIN');
  });
  afterAll(() => cluster.stop());

  const as = (user: string, place = url): string => place.replace('postern@', `${user}@`);
  const alter = (place: string, what: string): Promise<unknown> =>
    cluster.query(url, `ALTER DATABASE ${place.slice(place.lastIndexOf('/') + 1)} SET ${what}`);

  it('is refused with a wrong password', async () => {
    expect(await refusal(as(`locked:${SECRET}`))).toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(/refuses the user or the password .*locked.*; check the URL$/) as string,
    });
  });

  it('is refused if the server does not let the client in, and TLS is proposed', async () => {
    expect((await refusal(as('tls_only'))).message).toMatch(/does not let this client in .*sslmode=require/);
    expect((await refusal(as('nobody-there'))).message).toMatch(/does not let this client in .*pg_hba\.conf/);
  });

  it('is refused if it does not exist, or if no server answers', async () => {
    expect((await refusal(url.replace(/\w+$/, 'missing'))).message).toMatch(
      /missing does not exist; create it/,
    );
    expect((await refusal('postgres://u@127.0.0.1:1/x')).message).toMatch(
      /^no database answers at 127\.0\.0\.1:1\/x .*ECONNREFUSED.*check the host/,
    );
  });

  it('is refused if the user may not create tables', async () => {
    expect((await refusal(as('guest'))).message).toMatch(/may not create tables .*make it the owner/);
  });

  it('is refused if the server is older than 14', async () => {
    const old = await cluster.database();
    // Functions that are found first say what an older server would.
    await cluster.query(
      old,
      `CREATE SCHEMA old; CREATE FUNCTION old.current_setting(text) RETURNS text LANGUAGE sql AS
        $$ SELECT CASE $1 WHEN 'server_version_num' THEN '130022' ELSE pg_catalog.current_setting($1) END $$`,
    );
    await alter(old, 'search_path = old, pg_catalog, public');
    expect(await refusal(old)).toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(/is PostgreSQL 13\.22, which is too old: 14 or newer/) as string,
    });
  });

  it('is refused if it takes no writes', async () => {
    const standby = await cluster.database();
    await alter(standby, 'default_transaction_read_only = on');
    expect((await refusal(standby)).message).toMatch(/is read-only, as on a standby; name the host that/);
  });

  it('is refused if a newer version has written it', async () => {
    const newer = await cluster.database();
    await (await open(newer)).close();
    await cluster.query(newer, 'UPDATE schema_version SET version = 999, least = 999');
    expect(await refusal(newer)).toMatchObject({
      code: 'newer',
      message: expect.stringMatching(/schema 999/) as string,
    });
  });

  it('gives warnings if a failure of its machine would lose mail, and makes its own commits safe', async () => {
    const unsafe = await cluster.database();
    await alter(unsafe, 'synchronous_commit = off');
    const warnings: string[] = [];
    const store = await open(unsafe, warnings);
    expect(warnings).toEqual([
      expect.stringMatching(/^fsync is off at .* may be lost$/),
      expect.stringMatching(/^synchronous_commit is off at .* sets it to "on"/),
    ]);
    await cluster.query(
      unsafe,
      `CREATE TABLE seen (setting text);
       CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO seen SELECT current_setting('synchronous_commit'); RETURN NEW; END $$;
       CREATE TRIGGER see AFTER INSERT ON accept_group FOR EACH ROW EXECUTE FUNCTION see()`,
    );
    await accept(store, newMessage((await addDomain(store)).id));
    expect(await cluster.query(unsafe, 'SELECT setting FROM seen')).toEqual([{ setting: 'on' }]);
    await store.close();
  });

  it('is refused without a free connection; a store that has one goes on with it', async () => {
    const store = await open(url);
    await store.isEmpty();
    await cluster.query(url, 'ALTER ROLE guest CONNECTION LIMIT 0');
    expect((await refusal(as('guest'))).message).toMatch(/has no free connection .*raise max_connections/);
    const taken = await Promise.all(
      Array.from({ length: 20 }, async () => await open(url).catch((error: unknown) => error)),
    );
    onTestFinished(async () => {
      for (const each of taken) if (!(each instanceof StoreError)) await (each as Opened).close();
      await store.close();
    });
    expect(taken.filter((each) => each instanceof StoreError).map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/has no free connection/),
    );
    // Twenty calls at once would open five more connections.
    const answers = await Promise.all(Array.from({ length: 20 }, () => store.isEmpty()));
    expect(answers).toHaveLength(20);
  });

  it('goes on with a connection that became free while another one was refused', async () => {
    await cluster.query(url, 'CREATE ROLE single LOGIN CONNECTION LIMIT 1');
    const proxy = await Proxy.open(cluster.port);
    const connections = new Connections(
      parseAddress(as('single').replace(`:${cluster.port}/`, `:${proxy.port}/`)),
    );
    onTestFinished(async () => {
      await connections.close();
      proxy.close();
    });
    const question = { name: 'question', text: 'SELECT 1 AS one' };
    await connections.run(question);
    let end = (): void => undefined;
    const first = connections.with(() => new Promise<void>((resolve) => (end = resolve)));
    proxy.hold();
    const second = connections.run(question);
    // The proxy has the connection that the database will refuse.
    await once(proxy.server, 'connection');
    end();
    await first;
    proxy.release();
    expect((await second).rows).toEqual([{ one: 1 }]);
  });

  it('says so if a statement takes too long', async () => {
    const store = await open(url);
    await cluster.query(
      url,
      `CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         SET statement_timeout = '100ms'; RAISE query_canceled USING MESSAGE = 'canceling statement due to statement timeout';
       END $$;
       CREATE TRIGGER wait BEFORE INSERT ON domain EXECUTE FUNCTION wait()`,
    );
    await expect(addDomain(store, 'late.example')).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/^a statement took too long at .*; the server is overloaded/) as string,
    });
    await cluster.query(url, 'DROP TRIGGER wait ON domain');
    await addDomain(store, 'late.example');
    await store.close();
  });

  it.each(['connect_timeout=0', 'sslmode=maybe', 'nonsense=1'])('is refused with ?%s', async (parameter) => {
    const error = await refusal(`${as(`locked:${SECRET}`)}?${parameter}`);
    expect(error.message).toMatch(/^the URL of the database cannot be read: /);
  });

  it.skipIf(!hasPgBouncer())(
    'is refused behind a pool that pools by transaction, not by session',
    async () => {
      const direct = await cluster.database();
      const by = {
        transaction: await startPgBouncer(direct, 'transaction'),
        session: await startPgBouncer(direct, 'session'),
      };
      expect(await refusal(by.transaction.url)).toMatchObject({
        code: 'unreadable',
        message: expect.stringMatching(
          /gives each transaction another connection; .*pool_mode = session/,
        ) as string,
      });
      const store = await open(by.session.url);
      const domain = await addDomain(store);
      await accept(store, newMessage(domain.id));
      expect(await store.messages({ limit: 9 })).toHaveLength(1);
      await store.close();
      for (const each of Object.values(by)) await each.stop();
    },
  );
});

/** Accepts messages until it gets the message to end, and notes what was acknowledged and what was refused. */
function load(
  store: Opened,
  domainId: number,
): { end(): Promise<void>; stored: Map<number, string>; refused: StoreError[] } {
  const stored = new Map<number, string>();
  const refused: StoreError[] = [];
  let going = true;
  const sender = async (seed: number): Promise<void> => {
    for (let n = 0; going; n++) {
      // Every tenth message has chunks before its commit.
      const content = octets(n % 10 === 9 ? 5000 : 500, seed * 10_000 + n + 1);
      try {
        stored.set(await accept(store, newMessage(domainId), content), sha256(content));
      } catch (error) {
        refused.push(error as StoreError);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const senders = Array.from({ length: 8 }, (_, seed) => sender(seed));
  return {
    stored,
    refused,
    end: async () => {
      going = false;
      await Promise.all(senders);
    },
  };
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('a database that goes away and comes back', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  it.each(['SIGINT', 'SIGQUIT'] as const)(
    'loses nothing that was acknowledged, and keeps nothing that was refused for sure (%s)',
    async (signal) => {
      const url = await cluster.database();
      const warnings: string[] = [];
      const store = await openPostgresStore({
        url,
        chunkOctets: 1000,
        inFlightOctets: 64 * 1024,
        outcomeTime: 500,
        onWarning: (warning) => warnings.push(warning),
      });
      expect(warnings).toEqual([]);
      const domain = await addDomain(store);
      const { stored, refused, end } = load(store, domain.id);
      for (let round = 0; round < 2; round++) {
        const before = { stored: stored.size, refused: refused.length };
        await until(() => stored.size > before.stored + 50);
        await cluster.halt(signal);
        await until(() => refused.length > before.refused + 20);
        await expect(store.domainByToken(new Uint8Array(32), 1)).rejects.toMatchObject({ code: 'failed' });
        await cluster.start();
      }
      const { size } = stored;
      await until(() => stored.size > size + 50);
      await end();
      expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['failed']));
      const listed = await store.messages({ limit: 100_000 });
      const ids = new Set(listed.map(({ id }) => id));
      expect([...stored.keys()].filter((id) => !ids.has(id))).toEqual([]);
      // The database was away for longer than its outcome is asked for: such a group may be stored.
      const unknown = refused.filter((error) => error instanceof OutcomeUnknown).length;
      expect(ids.size - stored.size).toBeLessThanOrEqual(unknown);
      expect(unknown).toBeLessThanOrEqual(2 * 8);
      for (const [id, digest] of stored) expect(sha256(await contentOf(store, id))).toBe(digest);
      await store.close();
    },
    60_000,
  );

  it('answers again after the server stood still', async () => {
    const url = await cluster.database();
    const store = await open(url);
    const domain = await addDomain(store);
    cluster.signal('SIGSTOP');
    // The main process alone stands still: connections that are open go on, and new ones wait.
    await expect(accept(store, newMessage(domain.id))).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/^no answer in time from the database at/) as string,
    });
    cluster.signal('SIGCONT');
    let id: number | null = null;
    while (id === null) id = await accept(store, newMessage(domain.id)).catch(() => null);
    expect(await store.messages({ limit: 9 })).toMatchObject([{ id }]);
    await store.close();
  });

  it('lets calls fail in bounded number and memory while it is away', async () => {
    const url = await cluster.database();
    const store = await open(url);
    await cluster.halt('SIGINT');
    const calls = await Promise.allSettled(Array.from({ length: 20_000 }, () => store.isEmpty()));
    expect(new Set(calls.map(({ status }) => status))).toEqual(new Set(['rejected']));
    await cluster.start();
    let empty: boolean | null = null;
    while (empty === null) empty = await store.isEmpty().catch(() => null);
    expect(empty).toBe(true);
    await store.close();
  });
});

describe.skipIf(!(await canHaveSmallDevice()))('a database whose disk is full', () => {
  it('refuses with "full", keeps what it has, and takes messages again when there is room', async () => {
    const cluster = await startCluster({ smallDevice: 24 });
    try {
      const url = await cluster.database('TABLESPACE small');
      const store = await open(url);
      const domain = await addDomain(store);
      await cluster.query(
        url,
        `CREATE TABLE ballast (octets bytea); ALTER TABLE ballast ALTER COLUMN octets SET STORAGE EXTERNAL;
         INSERT INTO ballast SELECT decode(repeat(md5(n::text), 1000), 'hex') FROM generate_series(1, 700) n`,
      );
      const stored: number[] = [];
      let error: unknown = null;
      while (error === null && stored.length < 200) {
        await accept(store, newMessage(domain.id), octets(200_000, stored.length + 1)).then(
          (id) => stored.push(id),
          (reason: unknown) => (error = reason),
        );
      }
      expect(error).toMatchObject({
        code: 'full',
        message: expect.stringMatching(/^no room left for the database/) as string,
      });
      expect(stored.length).toBeGreaterThan(3);
      await cluster.query(url, 'DROP TABLE ballast');
      stored.push(await accept(store, newMessage(domain.id), octets(1000)));
      const listed = await store.messages({ limit: 1000 });
      expect(listed.map(({ id }) => id)).toEqual(stored.reverse());
      await store.close();
    } finally {
      await cluster.stop();
    }
  });
});
