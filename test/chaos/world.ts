/** Several nodes on one database, tenants with webhooks, and a remote server that is flaky. */
import { appendFileSync, createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { newWebhookKeys } from '../../src/delivery/webhooks/keys.js';
import { openPostgresStore } from '../../src/store/postgres/index.js';
import { EVENTS } from '../../src/store/webhooks.js';
import { digestToken, newToken } from '../../src/submission/token.js';
import { type RemoteServer, startRemoteServer } from '../delivery/remote-server.js';
import { GatewayProcess, sha256 } from '../e2e/gateway-process.js';
import { scratch } from '../scratch.js';
import { Database, type DatabaseOptions } from './database.js';
import { Hooks } from './hooks.js';
import type { Tenant } from './load.js';

/** Messages of one node that are being sent at one time. */
export const WORKERS = 8;

/** The remote server does not know this recipient: the sender gets a notification. */
export const NOBODY = 'nobody@example.net';

/** How often to note what has arrived. */
export const COLLECT_MS = 50;

/** How long a start may take, and is tried again if it fails, in milliseconds. */
const START_MS = 240_000;

/** Folder for the logs of a run. Default: they are not kept. */
const LOGS = process.env['CHAOS_LOGS'];

const CLOCK = fileURLToPath(new URL('clock.mjs', import.meta.url));

/** A copy that the remote server took for one recipient. */
export interface Arrived {
  /** The key of the message; of a notification, that of the message that it is about. */
  readonly key: string;
  readonly isNotification: boolean;
  readonly recipient: string;
  readonly bodyHash: string;
  /** The run of the node that sent it. */
  readonly node: string;
  /** On the monotonic clock, at most {@link COLLECT_MS} late. */
  readonly at: number;
}

export interface WorldOptions extends DatabaseOptions {
  readonly nodes: number;
  readonly tenants: number;
  /** How many of a hundred recipients the remote server puts off. */
  readonly flaky?: number;
  /** Listener of each node. */
  readonly listen?: string;
  /** Further variables of each node. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** One run of a node, from its start to its end. */
interface Run {
  readonly name: string;
  readonly process: GatewayProcess;
}

export class World {
  readonly arrived: Arrived[] = [];
  /** The time at which a run was killed, or stood still for so long that it counts as dead, by its name. */
  readonly deaths = new Map<string, number>();
  readonly #runs: (Run | null)[] = [];
  #starts = 0;

  private constructor(
    readonly database: Database,
    readonly tenants: readonly Tenant[],
    readonly remote: RemoteServer,
    readonly hooks: Hooks,
    private readonly folder: string,
    private readonly options: WorldOptions,
  ) {}

  /** Everything ends with the test that runs. */
  static async open(options: WorldOptions): Promise<World> {
    const database = await Database.open(options);
    onTestFinished(() => database.close());
    const hooks = await Hooks.open();
    onTestFinished(() => hooks.close());
    const { flaky = 0 } = options;
    const remote = await startRemoteServer({
      behave: ({ phase, address }) => {
        if (phase !== 'rcpt') return undefined;
        if (address === NOBODY) return '550 5.1.1 No such user';
        return Math.random() * 100 < flaky ? '451 4.3.0 Later' : undefined;
      },
    });
    const tenants = await addTenants(database.url, options.tenants, hooks.url);
    const world = new World(database, tenants, remote, hooks, await scratch(), options);
    const timer = setInterval(() => {
      world.collect();
    }, COLLECT_MS);
    onTestFinished(() => {
      clearInterval(timer);
    });
    await Promise.all(Array.from({ length: options.nodes }, (_, n) => world.start(n)));
    return world;
  }

  /** Starts a node, or starts it again, with the data folder that it had: until it runs, as a service manager does. */
  async start(n: number): Promise<void> {
    const end = performance.now() + START_MS;
    for (;;) {
      const name = `run-${++this.#starts}.example`;
      try {
        await this.#start(n, name);
        return;
      } catch (error) {
        // While the database is away, a start fails.
        this.deaths.set(name, performance.now());
        this.note(`${name} has not started: ${String(error).slice(0, 200)}`);
        if (performance.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  async #start(n: number, name: string): Promise<void> {
    this.setClock(n, 0);
    const process = await GatewayProcess.spawn({
      data: join(this.folder, `node-${n}`),
      listen: [this.options.listen ?? 'smtp://127.0.0.1:0'],
      args: ['--hostname', name],
      environment: {
        NODE_OPTIONS: `--import=${CLOCK}`,
        CHAOS_CLOCK: this.#clockOf(n),
        POSTERN_STORE: this.database.url,
        POSTERN_DELIVER: `smtp://127.0.0.1:${this.remote.port}`,
        POSTERN_DELIVERY_RETRY_BASE: '200ms',
        POSTERN_DELIVERY_WORKERS: String(WORKERS),
        POSTERN_DELIVERY_PER_DESTINATION: String(WORKERS),
        POSTERN_DELIVERY_WEBHOOK_PRIVATE: 'allow',
        POSTERN_LOG_FORMAT: 'json',
        POSTERN_HTTP_LISTEN: 'off',
        ...this.options.environment,
      },
    });
    if (LOGS !== undefined) process.child.stderr?.pipe(createWriteStream(join(LOGS, `${name}.log`)));
    try {
      await process.says(/^postern ready .*$/m, START_MS);
    } catch (error) {
      await process.stop('SIGKILL');
      throw error;
    }
    this.#runs[n] = { name, process };
  }

  /** Writes what happens into the folder CHAOS_LOGS, beside the logs of the nodes. */
  note(what: string): void {
    if (LOGS !== undefined) {
      appendFileSync(
        join(LOGS, 'chaos.log'),
        `${new Date().toISOString()} ${performance.now().toFixed()} ${what}\n`,
      );
    }
  }

  node(n: number): GatewayProcess | undefined {
    return this.#runs[n]?.process;
  }

  /** The name of a node's run. */
  nameOf(n: number): string | undefined {
    return this.#runs[n]?.name;
  }

  /** Ends a node. It is not there until it is started again. */
  async end(n: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const run = this.#runs[n];
    this.#runs[n] = null;
    const ended = run?.process.stop(signal);
    if (signal === 'SIGKILL') this.#countAsDead(run);
    await ended;
  }

  /** Lets a node stand still. If it is for so long that others take over, it counts as dead. */
  async pause(n: number, milliseconds: number, dead: boolean): Promise<void> {
    const run = this.#runs[n];
    run?.process.child.kill('SIGSTOP');
    if (dead) this.#countAsDead(run);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    run?.process.child.kill('SIGCONT');
  }

  /** Puts the clock of a node so many milliseconds ahead, or back. */
  setClock(n: number, ahead: number): void {
    writeFileSync(this.#clockOf(n), String(ahead));
  }

  /** Ports of the nodes that run. */
  ports(): number[] {
    return this.#runs.flatMap((run) => (run === null ? [] : [run.process.port]));
  }

  sql(text: string): Promise<Record<string, unknown>[]> {
    return this.database.sql(text);
  }

  /** Notes what the remote server took, and lets go of the octets. */
  collect(): void {
    const at = performance.now();
    for (const { content, hello, recipients, reversePath } of this.remote.received.splice(0)) {
      const isNotification = reversePath === '';
      const key = keyOf(content, isNotification);
      const bodyHash = sha256(content.subarray(content.indexOf('\r\n\r\n') + 4));
      for (const { address: recipient } of recipients) {
        this.arrived.push({ key, isNotification, recipient, bodyHash, node: hello, at });
      }
    }
  }

  /** Waits until there is nothing left to do for the nodes. */
  async settled(timeout: number): Promise<void> {
    const tables = ['queue', 'owed_report', 'webhook_event', 'counter_delta', 'upload'];
    const left = async (): Promise<unknown> => {
      this.collect();
      const counts = tables.map((name) => `(SELECT count(*)::int FROM ${name}) AS ${name}`);
      return (await this.sql(`SELECT ${counts.join(', ')}`))[0];
    };
    const none = Object.fromEntries(tables.map((name) => [name, 0]));
    await expect.poll(left, { timeout, interval: 300 }).toEqual(none);
    this.collect();
  }

  #countAsDead(run: Run | null | undefined): void {
    if (run !== null && run !== undefined) this.deaths.set(run.name, performance.now());
  }

  #clockOf(n: number): string {
    return join(this.folder, `clock-${n}`);
  }
}

function keyOf(content: Buffer, isNotification: boolean): string {
  const header = content.subarray(0, content.indexOf('\r\n\r\n')).toString('latin1');
  const [, key = ''] = (isNotification ? /^In-Reply-To: <([^@]+)@/im : /^Subject: (\S+)/m).exec(header) ?? [];
  return key;
}

async function addTenants(url: string, count: number, hook: string): Promise<Tenant[]> {
  const store = await openPostgresStore({ url, onWarning: () => undefined });
  const tenants: Tenant[] = [];
  for (let n = 0; n < count; n++) {
    const domain = `tenant-${n}.example`;
    const token = newToken().expose();
    await store.addDomain(domain, digestToken(token), Date.now());
    await store.webhooks.set(domain, { url: hook, events: EVENTS, keys: newWebhookKeys() }, Date.now());
    tenants.push({ domain, token });
  }
  await store.close();
  return tenants;
}
