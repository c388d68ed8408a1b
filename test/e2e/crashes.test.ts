/**
 * A server that dies while it delivers: a message that is the reason bounces, and all other mail is delivered, and its
 * events are reported, however often the server is killed for another reason.
 */
import { expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import type { Waiting } from '../../src/store/queue.js';
import { newWebhookKeys } from '../../src/delivery/webhooks/keys.js';
import { accept, spawnPostern } from '../cli/postern.js';
import { dnsServer } from '../delivery/dns-server.js';
import { apiServer } from '../delivery/https/api-server.js';
import { type DialogueMoment, type RemoteServer, startRemoteServer } from '../delivery/remote-server.js';
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
    await this.addTo(
      Array.from({ length: count }, (_, n) => `to-${this.innocents.length + n}@example.net`),
      ...others,
    );
  }

  /** Adds an innocent message to each of `addresses`, and before them one to each of `others`. */
  async addTo(addresses: readonly string[], ...others: readonly string[]): Promise<void> {
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

  gateway(far: RemoteServer, environment: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
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

function arrivedAt(far: RemoteServer): string[] {
  return far.received.flatMap(({ recipients }) => recipients.map(({ address }) => address));
}

it('a message that ends the server each time bounces, all other mail is delivered once', async () => {
  const folder = await Folder.create();
  const running: { gateway: GatewayProcess | null } = { gateway: null };
  // The mail that a dying server has in flight is taken by no one, so that each message arrives once.
  let dying = Promise.resolve(false);
  let inFlight = 0;
  const company: number[] = [];
  const far = await startRemoteServer({
    behave: async ({ phase, address }: DialogueMoment) => {
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
}, 300_000);

it('mail that is under way while the server is killed again and again is delivered, none bounces', async () => {
  // More than after which a message is given up.
  const KILLS = 4;
  const DOMAINS = 50;
  // Few messages go to a destination that never worked, so that many destinations make hundreds of attempts.
  const domains = Array.from({ length: DOMAINS }, (_, n) => `d${n}.example`);
  const records = { MX: [{ preference: 10, exchange: 'mx.far.example' }] };
  const dns = await dnsServer({
    'mx.far.example': { A: ['127.0.0.1'] },
    ...Object.fromEntries(domains.map((domain) => [domain, records])),
  });
  const underWay = new Set<number>();
  let works = false;
  const far = await startRemoteServer({
    behave: ({ phase, connection }: DialogueMoment) => {
      if (works || phase !== 'mail') return undefined;
      underWay.add(connection);
      return 'silence';
    },
  });
  const folder = await Folder.create();
  const options = { port: String(far.port), resolver: dns.address, private: 'allow', sts: 'off' };
  const environment = {
    POSTERN_DELIVER: `mx://?${Object.entries(options)
      .map((option) => option.join('='))
      .join('&')}`,
    POSTERN_DELIVERY_WORKERS: '500',
    POSTERN_DELIVERY_PER_DOMAIN: '500',
  };
  const company: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const each = kill === 0 ? 5 : 1;
    await folder.addTo(
      domains.flatMap((domain) => Array.from({ length: each }, (_, n) => `to-${kill}-${n}@${domain}`)),
    );
    underWay.clear();
    const gateway = await folder.gateway(far, environment);
    await gateway.says(/^postern ready /m);
    // Some time with no further attempt: those that begin at all have begun.
    for (let before = -1; underWay.size === 0 || underWay.size > before;) {
      before = underWay.size;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    company.push(underWay.size);
    await gateway.stop('SIGKILL');
    far.cut();
  }
  works = true;
  const last = await folder.gateway(far, environment);
  await folder.until((waiting) => waiting.length === 0, last);
  expect(last.child.exitCode, last.stderr).toBeNull();
  expect(await folder.of('bounced')).toEqual([]);
  expect(await folder.of('delivered')).toEqual([...folder.innocents].sort());
  expect(company[0]).toBe(DOMAINS * 5);
  expect(Math.min(...company)).toBeGreaterThanOrEqual(DOMAINS);
}, 240_000);

it('an event that is under way while the server is killed again and again is reported', async () => {
  // More than after which an event is dropped.
  const KILLS = 4;
  let works = false;
  const endpoint = await apiServer(() => (works ? { status: 204 } : undefined));
  const far = await startRemoteServer();
  const folder = await Folder.create();
  const store = await openSqliteStore({ directory: folder.data, exclusive: false });
  const webhook = { url: endpoint.url, events: ['email.queued'], keys: newWebhookKeys() } as const;
  await store.webhooks.set('example.com', webhook, Date.now());
  await store.close();
  await folder.add(1);
  const environment = { POSTERN_DELIVERY_WEBHOOK_PRIVATE: 'allow' };
  for (let kill = 0; kill < KILLS; kill++) {
    const gateway = await folder.gateway(far, environment);
    await gateway.says(/^postern ready /m);
    const before = endpoint.taken.length;
    // A suspect is not reported so early in the life of a server.
    for (let waited = 0; waited < 20 && endpoint.taken.length === before; waited++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await gateway.stop('SIGKILL');
  }
  works = true;
  const attempts = endpoint.taken.length;
  const last = await folder.gateway(far, environment);
  await expect.poll(() => endpoint.taken.length, { timeout: 60_000, interval: 100 }).toBe(attempts + 1);
  expect(lines(last, 'event dropped: the server died each time that it was reported')).toEqual([]);
}, 240_000);
