/** Several nodes on one database, a proxy between them, and a remote server that is flaky. */
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { type Outcome, spawnPostern } from '../cli/postern.js';
import { type RemoteServer, startRemoteServer } from '../delivery/remote-server.js';
import { GatewayProcess, sha256 } from '../e2e/gateway-process.js';
import { scratch } from '../scratch.js';
import { type Cluster, startCluster } from '../store/postgres-cluster.js';
import type { Offered } from './load.js';
import { Proxy } from './proxy.js';

/** The password in the URL of the database: it must not show anywhere. */
export const SECRET = 'pass-that-nobody-sees';

/** Messages of one node that are being sent at one time. */
export const WORKERS = 8;

/** A message that the remote server took. */
export interface Arrived {
  readonly key: string;
  readonly bodyHash: string;
}

export interface WorldOptions {
  /** How many of a hundred recipients the remote server puts off. */
  readonly flaky: number;
  /** Listener of each node. */
  readonly listen?: string;
  /** Further variables of each node. */
  readonly environment?: Readonly<Record<string, string>>;
}

export class World {
  readonly arrived: Arrived[] = [];
  /** A node that was killed is null until it is started again. */
  readonly nodes: (GatewayProcess | null)[] = [];

  private constructor(
    readonly cluster: Cluster,
    /** Between the nodes and the database. */
    readonly proxy: Proxy,
    /** URL of the database, without the proxy. */
    readonly direct: string,
    readonly url: string,
    readonly token: string,
    private readonly remote: RemoteServer,
    private readonly folder: string,
    private readonly options: WorldOptions,
  ) {}

  /** Everything ends with the test that runs. */
  static async open(nodes: number, options: WorldOptions): Promise<World> {
    const cluster = await startCluster({ access: ['host all keeper 127.0.0.1/32 scram-sha-256'] });
    onTestFinished(() => cluster.stop());
    const direct = await cluster.database();
    await cluster.query(direct, `CREATE ROLE keeper LOGIN PASSWORD '${SECRET}'`);
    await cluster.query(direct, `GRANT ALL ON SCHEMA public TO keeper`);
    const proxy = await Proxy.open(cluster.port);
    onTestFinished(() => proxy.close());
    const url = direct.replace(/\/\/.*@[^/]*/, `//keeper:${SECRET}@127.0.0.1:${proxy.port}`);
    const remote = await startRemoteServer({
      behave: ({ phase }) =>
        phase === 'rcpt' && Math.random() * 100 < options.flaky ? '451 4.3.0 Later' : undefined,
    });
    const added = await spawnPostern(['domain', 'add', 'example.com', '--json'], {
      environment: { POSTERN_STORE: url },
    });
    if (added.exitCode !== 0) throw new Error(added.stderr);
    const { token } = JSON.parse(added.stdout) as { readonly token: string };
    const world = new World(cluster, proxy, direct, url, token, remote, await scratch(), options);
    await Promise.all(Array.from({ length: nodes }, (_, n) => world.start(n)));
    return world;
  }

  /** Starts a node, or starts it again, with the data folder that it had. */
  async start(n: number): Promise<void> {
    this.nodes[n] = await GatewayProcess.start({
      data: join(this.folder, `node-${n}`),
      listen: [this.options.listen ?? 'smtp://127.0.0.1:0'],
      environment: {
        POSTERN_STORE: this.url,
        POSTERN_DELIVER: `smtp://127.0.0.1:${this.remote.port}`,
        POSTERN_DELIVERY_RETRY_BASE: '200ms',
        POSTERN_DELIVERY_WORKERS: String(WORKERS),
        POSTERN_DELIVERY_PER_DESTINATION: String(WORKERS),
        POSTERN_LOG_FORMAT: 'json',
        POSTERN_HTTP_LISTEN: 'off',
        ...this.options.environment,
      },
    });
  }

  /** Ports of the nodes that run. */
  ports(): number[] {
    return this.nodes.flatMap((node) => (node === null ? [] : [node.port]));
  }

  /** Runs a command on the database. */
  postern(...args: string[]): Promise<Outcome> {
    return spawnPostern(args, { environment: { POSTERN_STORE: this.url } });
  }

  sql(text: string): Promise<Record<string, unknown>[]> {
    return this.cluster.query(this.direct, text);
  }

  /** Notes what the remote server took, and lets go of the octets. */
  collect(): readonly Arrived[] {
    for (const { content } of this.remote.received.splice(0)) {
      const end = content.indexOf('\r\n\r\n');
      const [, key = ''] = /^Subject: (\S+)/m.exec(content.subarray(0, end).toString('latin1')) ?? [];
      this.arrived.push({ key, bodyHash: sha256(content.subarray(end + 4)) });
    }
    return this.arrived;
  }

  /** Waits until nothing is on the queue any more. */
  async delivered(patience: number): Promise<void> {
    const waiting = async (): Promise<unknown> => {
      this.collect();
      return (await this.sql('SELECT count(*)::int AS count FROM queue'))[0]?.['count'];
    };
    await expect.poll(waiting, { timeout: patience, interval: 200 }).toBe(0);
    this.collect();
  }
}

/**
 * Checks the promises: what was acknowledged is stored once and arrived whole, what was refused is not stored, every
 * recipient has a final status, and nothing was sent again except beside a kill.
 *
 * @param kills how often a node was killed
 */
export async function checkPromises(world: World, offered: readonly Offered[], kills: number): Promise<void> {
  const rows = await world.sql('SELECT id, subject, status FROM message');
  const stored = new Map(rows.map((row) => [String(row['subject']), row]));
  expect(stored.size, 'each message is stored once').toBe(rows.length);
  const accepted = offered.filter(({ outcome }) => outcome === 'accepted');
  const arrived = new Map(world.arrived.map(({ key, bodyHash }) => [key, bodyHash]));
  for (const { key, id, bodyHash } of accepted) {
    expect(stored.get(key), 'what was acknowledged is stored').toMatchObject({ id, status: 'delivered' });
    expect(arrived.get(key), 'it arrived whole').toBe(bodyHash);
  }
  for (const { key } of offered.filter(({ outcome }) => outcome === 'refused')) {
    expect(stored.has(key), 'what was refused is not stored').toBe(false);
  }
  expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['delivered']));
  expect(await world.sql(`SELECT DISTINCT status FROM recipient`)).toEqual([{ status: 'delivered' }]);
  const again = world.arrived.length - arrived.size;
  expect(again, 'messages that were sent again').toBeLessThanOrEqual(kills * WORKERS);
}
