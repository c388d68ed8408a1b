/** Messages in whose delivery the server dies: the one that is the reason bounces, all other mail is delivered. */
import { expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import type { Waiting } from '../../src/store/queue.js';
import { accept, spawnPostern } from '../cli/postern.js';
import { type FarEnd, farEnd, type Moment } from '../delivery/remote-server.js';
import { scratch } from '../scratch.js';
import { GatewayProcess } from './gateway-process.js';
import { lines, QUICK } from './sending.js';

const CULPRIT = 'culprit@example.net';
/** Starts after which a test gives up. */
const LIVES = 8;

/** A data folder with a domain, to which messages are added while no server runs, and what waits in it. */
class Folder {
  readonly innocents: string[] = [];

  private constructor(readonly data: string) {}

  static async create(): Promise<Folder> {
    const data = `${await scratch()}/data`;
    const added = await spawnPostern(['domain', 'add', 'example.com'], {
      environment: { POSTERN_DATA: data },
    });
    expect(added.exitCode, added.stderr).toBe(0);
    return new Folder(data);
  }

  /** Adds innocent messages, and before them one to each of `others`. */
  async add(count: number, ...others: readonly string[]): Promise<void> {
    const addresses = Array.from({ length: count }, (_, n) => `to-${this.innocents.length + n}@example.net`);
    this.innocents.push(...addresses);
    const store = await openSqliteStore({ directory: this.data, exclusive: false });
    try {
      const [domain] = await store.domains();
      const message = { status: 'queued', receivedAt: Date.now(), reversePath: '' } as const;
      const [first, ...rest] = [...others, ...addresses].map((forwardPath) => ({
        ...message,
        recipients: [{ forwardPath }],
      }));
      await accept(store, domain?.id ?? 0, first);
      await Promise.all(rest.map((facts) => accept(store, domain?.id ?? 0, facts)));
    } finally {
      await store.close();
    }
  }

  /** Waits until what waits is as it should be, or the server has ended. */
  async until(isSo: (waiting: readonly Waiting[]) => boolean, gateway: GatewayProcess): Promise<void> {
    const ended = { now: false };
    void gateway.exited.then(() => (ended.now = true));
    const store = await openSqliteStore({ directory: this.data, exclusive: false });
    try {
      while (!ended.now && !isSo(await store.queue.waiting({ limit: 10_000 }))) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    } finally {
      await store.close();
    }
  }

  /** Returns the addresses of this status. */
  async of(status: 'delivered' | 'bounced'): Promise<string[]> {
    const store = await openSqliteStore({ directory: this.data, exclusive: false });
    try {
      const messages = await store.messages({ limit: 10_000 });
      const all = await Promise.all(messages.map(({ id }) => store.message(id)));
      return all
        .flatMap((message) => message?.recipients ?? [])
        .flatMap((recipient) => (recipient.status === status ? [recipient.forwardPath] : []))
        .sort();
    } finally {
      await store.close();
    }
  }

  gateway(far: FarEnd, environment: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
    return GatewayProcess.spawn({
      data: this.data,
      environment: {
        ...QUICK,
        POSTERN_DELIVER: `smtp://127.0.0.1:${far.port}?tls=off`,
        ...environment,
      },
    });
  }
}

function arrivedAt(far: FarEnd): string[] {
  return far.received.flatMap(({ recipients }) => recipients.map(({ address }) => address));
}

it('a message that ends the server each time bounces, all other mail is delivered once', async () => {
  const folder = await Folder.create();
  const running: { gateway: GatewayProcess | null } = { gateway: null };
  // The mail that a dying server has in flight is taken by no one, so that each message arrives once.
  let dying = Promise.resolve(false);
  let inFlight = 0;
  const company: number[] = [];
  const far = await farEnd({
    behave: async ({ phase, address }: Moment) => {
      if (phase === 'end') {
        inFlight++;
        await new Promise((resolve) => setTimeout(resolve, 20));
        const died = await dying;
        inFlight--;
        return died ? '451 4.3.0 The client is gone' : undefined;
      }
      const { gateway } = running;
      if (phase !== 'rcpt' || address !== CULPRIT || gateway === null) return undefined;
      let dead = (): void => undefined;
      dying = new Promise((resolve) => (dead = () => resolve(true)));
      const arrived = new Set(arrivedAt(far));
      const isNoted = ({ forwardPath }: Waiting): boolean => !arrived.has(forwardPath);
      await folder.until((waiting) => waiting.every(isNoted), gateway);
      company.push(inFlight);
      await gateway.stop('SIGKILL');
      far.cut();
      dead();
      dying = Promise.resolve(false);
      return 'silence';
    },
  });
  let last: GatewayProcess | null = null;
  for (let life = 0; life < LIVES && last === null; life++) {
    await folder.add(25, ...(life === 0 ? [CULPRIT] : []));
    // It may die before it is ready.
    const gateway = await folder.gateway(far);
    running.gateway = gateway;
    await folder.until((waiting) => waiting.length === 0, gateway);
    expect(gateway.child.exitCode, gateway.stderr).toBeNull();
    if (gateway.child.signalCode === null) last = gateway;
  }
  expect(company.length).toBe(3);
  expect(await folder.of('bounced')).toEqual([CULPRIT]);
  expect(await folder.of('delivered')).toEqual([...folder.innocents].sort());
  expect(arrivedAt(far).sort()).toEqual([...folder.innocents].sort());
  expect(
    last === null ? [] : lines(last, 'message given up: the server died each time that it was delivered'),
  ).toMatchObject([{ level: 'error', domain: 'example.com', crashes: 3 }]);
}, 120_000);
