/** The database of the nodes: a primary, its synchronous standby, and a proxy in front of each of the two hosts. */
import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { canHaveSmallDevice, type Cluster, STANDBY, startCluster } from '../store/postgres-cluster.js';
import { Proxy } from './proxy.js';

/** The password in the URL of the database: it must not show anywhere. */
export const SECRET = 'pass-that-nobody-sees';

/** Size of the device that has the database, in MiB. */
const DEVICE = 768;
/** Octets that one write puts on it to fill it. */
const BLOCK = 4_194_304;

export interface DatabaseOptions {
  /** Keep a synchronous standby. */
  readonly standby?: boolean;
  /** Have the data on a device that can be filled, where this is allowed. */
  readonly device?: boolean;
}

/** How a primary was lost. Times are on the monotonic clock, in milliseconds. */
export interface Failover {
  readonly killedAt: number;
  readonly promotedAt: number;
}

export class Database {
  #primary: Cluster;
  #standby: Cluster | null = null;
  /** The host that the primary is on. */
  #active = 0;

  private constructor(
    primary: Cluster,
    private readonly proxies: readonly [Proxy, Proxy],
    private readonly name: string,
    private readonly size: number | undefined,
  ) {
    this.#primary = primary;
  }

  static async open({ standby = false, device = false }: DatabaseOptions): Promise<Database> {
    const size = device && (await canHaveSmallDevice()) ? DEVICE : undefined;
    const primary = await startCluster({
      access: ['host all keeper 127.0.0.1/32 scram-sha-256'],
      ...(size === undefined ? {} : { smallDevice: size }),
    });
    const url = await primary.database(size === undefined ? '' : 'TABLESPACE small');
    await primary.query(url, `CREATE ROLE keeper LOGIN PASSWORD '${SECRET}'`);
    await primary.query(url, `GRANT ALL ON SCHEMA public TO keeper`);
    const proxies = [await Proxy.open(primary.port), await Proxy.open(1)] as const;
    const database = new Database(primary, proxies, new URL(url).pathname, size);
    if (standby) await database.addStandby();
    return database;
  }

  get primary(): Cluster {
    return this.#primary;
  }

  get hasStandby(): boolean {
    return this.#standby !== null;
  }

  /** Whether the device can be filled. */
  get hasDevice(): boolean {
    return this.size !== undefined;
  }

  /** In front of the primary. */
  get proxy(): Proxy {
    return this.proxies[this.#active] as Proxy;
  }

  /** The URL that the nodes have: both hosts. */
  get url(): string {
    const hosts = this.proxies.map(({ port }) => `127.0.0.1:${port}`);
    return `postgres://keeper:${SECRET}@${hosts.join(',')}${this.name}`;
  }

  /** Runs statements on the primary, as its owner. */
  sql(text: string): Promise<Record<string, unknown>[]> {
    return this.#primary.query(this.#direct(this.#primary), text);
  }

  /** Makes a standby, and waits until each commit waits for it. */
  async addStandby(): Promise<void> {
    const standby = await startCluster({
      standbyOf: this.#primary,
      ...(this.size === undefined ? {} : { smallDevice: this.size }),
    });
    this.#standby = standby;
    const host = this.proxies[1 - this.#active] as Proxy;
    host.cut(Infinity);
    host.target = standby.port;
    await this.sql(`ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (${STANDBY})'`);
    await this.sql('SELECT pg_reload_conf()');
    await this.synchronous();
  }

  /** Waits until commits wait for the standby and get its answer. */
  async synchronous(): Promise<void> {
    if (this.#standby === null) return;
    for (;;) {
      const rows = await this.sql('SELECT sync_state FROM pg_stat_replication').catch(() => []);
      if (rows[0]?.['sync_state'] === 'quorum') return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Kills the primary with all its processes, and promotes the standby. It has no standby of its own then. */
  async fail(): Promise<Failover> {
    const lost = this.#primary;
    const next = this.#standby;
    if (next === null) throw new Error('there is no standby');
    const killedAt = performance.now();
    await lost.halt('SIGKILL');
    this.proxy.cut(Infinity);
    await next.promote();
    const promotedAt = performance.now();
    this.#primary = next;
    this.#standby = null;
    this.#active = 1 - this.#active;
    await lost.stop();
    return { killedAt, promotedAt };
  }

  /** Leaves no room on the device of the primary, until {@link makeRoom}. */
  async fill(): Promise<void> {
    const { device } = this.#primary;
    if (device === null) throw new Error('there is no device');
    const block = Buffer.alloc(BLOCK);
    const file = await open(join(device, 'ballast'), 'w');
    try {
      for (;;) await file.write(block);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    } finally {
      await file.close();
    }
  }

  makeRoom(): void {
    const { device } = this.#primary;
    if (device !== null) rmSync(join(device, 'ballast'));
  }

  async close(): Promise<void> {
    for (const proxy of this.proxies) proxy.close();
    await this.#standby?.stop();
    await this.#primary.stop();
  }

  #direct({ port }: Cluster): string {
    return `postgres://postern@127.0.0.1:${port}${this.name}`;
  }
}
