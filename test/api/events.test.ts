// Tests the event streams over real sockets: what each one sees, how it resumes, and how it ends.
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Metrics } from '../../src/api/metrics/metrics.js';
import { Scrape } from '../../src/api/metrics/scrape.js';
import { passwordRecord } from '../../src/api/sign-in/password.js';
import type { MessageChange } from '../../src/api/schemas/events.js';
import { GatheredChanges } from '../../src/api/events/changes.js';
import type { MailChange, MailWatcher } from '../../src/store/mail.js';
import { OTHER_TOKEN, ApiHarness, TOKEN } from './api-harness.js';

interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly changes: readonly MessageChange[];
}

const EVERY = { eventWindow: 10, eventHeartbeat: 20 };

/** A client of one stream, which keeps what it gets. */
class Client {
  #text = '';
  ended = false;
  private constructor(readonly socket: Socket) {
    socket.on('data', (octets: Buffer) => (this.#text += octets.toString()));
    socket.on('close', () => (this.ended = true));
    socket.on('error', () => undefined);
  }

  static async open(
    harness: ApiHarness,
    fields: Record<string, string> = { 'mailpace-server-token': TOKEN },
  ): Promise<Client> {
    const { port } = new URL(await harness.listen());
    const socket = connect(Number(port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`);
    return new Client(socket);
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.#text)?.[1] ?? 0);
  }

  /** The server has ended the stream in order: with the last chunk of the answer. */
  get isOver(): boolean {
    return this.#text.endsWith('\r\n0\r\n\r\n');
  }

  /** The octets after the header section, without the sizes of chunks. */
  get body(): string {
    return this.#text
      .slice(this.#text.indexOf('\r\n\r\n') + 4)
      .replace(/\r\n[0-9a-f]+\r\n|^[0-9a-f]+\r\n/g, '');
  }

  get events(): ServerSentEvent[] {
    return [...this.body.matchAll(/^id: (.*)\nevent: (.*)\ndata: (.*)$/gm)].map(
      ([, id = '', event = '', data = '']) => ({
        id,
        event,
        changes: (JSON.parse(data) as { changes?: MessageChange[] }).changes ?? [],
      }),
    );
  }

  /** Whether the last event has a change of this message. */
  has(id: number): boolean {
    return this.#text.includes(`"id":${id},`, this.#text.length - 1000);
  }

  get changes(): MessageChange[] {
    return this.events.flatMap(({ changes }) => [...changes]);
  }

  async ready(): Promise<this> {
    await expect
      .poll(() => this.events.some(({ event }) => event === 'ready'), { timeout: 10_000 })
      .toBe(true);
    return this;
  }
}

async function send(harness: ApiHarness, fields: object = {}, token = TOKEN): Promise<number> {
  const mail = { from: 'app@example.com', to: 'you@example.net', subject: 'x', textbody: 'x', ...fields };
  return (await harness.send(mail, { 'mailpace-server-token': token })).json<{ id: number }>().id;
}

const soon = { timeout: 10_000 };

describe('an event stream', () => {
  it('shows what happens to messages of its domain, as the OpenAPI document says', async () => {
    const harness = await ApiHarness.start({ limits: EVERY });
    const client = await (await Client.open(harness)).ready();
    expect(client.status).toBe(200);
    const id = await send(harness);
    const common = { id, domain: 'example.com' };
    await expect.poll(() => client.changes, soon).toEqual([{ ...common, kind: 'accepted', status: 'held' }]);
    await harness.store.mail.operate('all', {
      operation: 'cancel',
      selection: { ids: [id] },
      now: Date.now(),
    });
    await expect
      .poll(() => client.changes.slice(1), soon)
      .toEqual([{ ...common, kind: 'status', status: null }]);
    await harness.store.mail.operate('all', {
      operation: 'delete',
      selection: { ids: [id] },
      now: Date.now(),
    });
    await expect
      .poll(() => client.changes.slice(2), soon)
      .toEqual([{ ...common, kind: 'removed', status: null }]);
  });

  it('has the fields that browsers and proxies look at, and the security fields', async () => {
    const harness = await ApiHarness.start({ limits: EVERY });
    const url = `${await harness.listen()}/api/v1/events`;
    const abort = new AbortController();
    const headers = { 'mailpace-server-token': TOKEN };
    const { headers: fields } = await fetch(url, { headers, signal: abort.signal });
    expect(Object.fromEntries(fields)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
    });
    abort.abort();
    expect((await fetch(`${url}?x=1`, { headers })).status).toBe(400);
  });

  it('shows nothing of another domain, and the administrator everything', async () => {
    const harness = await ApiHarness.start({ limits: EVERY });
    await harness.store.administrator.setPassword(await passwordRecord('correct horse'), {
      onlyIfNone: false,
    });
    const answer = await fetch(`${await harness.listen()}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ password: 'correct horse' }),
    });
    const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
    const own = await (await Client.open(harness)).ready();
    const other = await (await Client.open(harness, { 'mailpace-server-token': OTHER_TOKEN })).ready();
    const all = await (await Client.open(harness, { cookie })).ready();
    const ids = [
      await send(harness),
      await send(harness, { from: 'a@other.example' }, OTHER_TOKEN),
      await send(harness),
    ];
    await expect.poll(() => all.changes.length, soon).toBe(3);
    await expect.poll(() => own.changes.length, soon).toBe(2);
    expect(all.changes.map(({ id, domain }) => [id, domain])).toEqual([
      [ids[0], 'example.com'],
      [ids[1], 'other.example'],
      [ids[2], 'example.com'],
    ]);
    expect(own.changes.map(({ id }) => id)).toEqual([ids[0], ids[2]]);
    expect(other.changes.map(({ id }) => id)).toEqual([ids[1]]);
    expect(own.body).not.toContain('other.example');
    expect(other.body).not.toContain('example.com');
  });

  it('resumes after the event with the given id, with nothing lost, twice or of another domain', async () => {
    const harness = await ApiHarness.start({ limits: EVERY });
    const first = await (await Client.open(harness)).ready();
    const ids = [await send(harness)];
    await expect.poll(() => first.changes.length, soon).toBe(1);
    const lastId = first.events.at(-1)?.id ?? '';
    first.socket.destroy();
    await send(harness, { from: 'a@other.example' }, OTHER_TOKEN);
    ids.push(await send(harness), await send(harness));
    const again = await (
      await Client.open(harness, { 'mailpace-server-token': TOKEN, 'last-event-id': lastId })
    ).ready();
    ids.push(await send(harness));
    await expect.poll(() => again.changes.map(({ id }) => id), soon).toEqual(ids.slice(1));
    expect(again.events.some(({ event }) => event === 'missed')).toBe(false);
    // The number is that of the process, and another domain sees its own events alone.
    const fields = { 'mailpace-server-token': OTHER_TOKEN, 'last-event-id': lastId };
    const foreign = await (await Client.open(harness, fields)).ready();
    expect(foreign.changes.map(({ domain }) => domain)).toEqual(['other.example']);
  });

  it.each(['x', '', '000000000000-1', '000000000000-99999999999999999999', 'a'.repeat(5000)])(
    'says that something may be missing if the id is not one of this process (%#)',
    async (lastId) => {
      const harness = await ApiHarness.start({ limits: EVERY });
      const fields = { 'mailpace-server-token': TOKEN, 'last-event-id': lastId };
      const client = await (await Client.open(harness, fields)).ready();
      expect(client.events[0]?.event).toBe(lastId === '' ? 'ready' : 'missed');
    },
  );

  it('ends when its token is rotated, its session or its domain is gone', async () => {
    const harness = await ApiHarness.start({ limits: { ...EVERY, eventCheck: 50 } });
    const base = await harness.listen();
    const signIn = await fetch(`${base}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: TOKEN }),
    });
    const [cookie = ''] = (signIn.headers.get('set-cookie') ?? '').split(';');
    const bySession = await (await Client.open(harness, { cookie })).ready();
    const byToken = await (await Client.open(harness)).ready();
    const other = await (await Client.open(harness, { 'mailpace-server-token': OTHER_TOKEN })).ready();
    const { origin } = new URL(base);
    await fetch(`${base}/api/v1/session`, { method: 'DELETE', headers: { cookie, origin } });
    await expect.poll(() => bySession.isOver, soon).toBe(true);
    expect(byToken.isOver).toBe(false);
    await fetch(`${base}/api/v1/domains/example.com/token`, {
      method: 'POST',
      headers: { 'mailpace-server-token': TOKEN, 'content-type': 'application/json' },
      body: JSON.stringify({ grace: 0 }),
    });
    await expect.poll(() => byToken.isOver, soon).toBe(true);
    const after = await send(harness, { from: 'a@other.example' }, OTHER_TOKEN);
    await expect.poll(() => other.changes.map(({ id }) => id), soon).toEqual([after]);
    // By another process: nothing here learns of it but by looking.
    await harness.store.removeDomain('other.example', Date.now());
    await expect.poll(() => other.isOver, soon).toBe(true);
    expect((await Client.open(harness)).ended).toBe(false);
  });

  it('ends at a stop of the server, which does not wait for it', async () => {
    const harness = await ApiHarness.start({ limits: EVERY });
    const client = await (await Client.open(harness)).ready();
    await harness.api.close(60_000);
    await expect.poll(() => client.ended, soon).toBe(true);
  });
});

describe('many event streams', () => {
  /** Changes that one event lists, in octets some hundred thousand. */
  const BATCH = 5000;

  /** Takes the place of the store's changes. */
  function withWatcher(harness: ApiHarness): () => MailWatcher {
    let watcher: MailWatcher | null = null;
    Object.assign(harness.store.mail, {
      watch: (_scope: unknown, given: MailWatcher) => {
        watcher = given;
        return () => undefined;
      },
    });
    return () => {
      if (watcher === null) throw new Error('nothing watches');
      return watcher;
    };
  }

  it('get each change once, 200 at one time, and a client limit holds', async () => {
    const harness = await ApiHarness.start({ limits: { ...EVERY, waits: 400 } });
    await harness.listen();
    const open = (token: string) => Client.open(harness, { 'mailpace-server-token': token });
    const own = await Promise.all(Array.from({ length: 100 }, () => open(TOKEN)));
    const others = await Promise.all(Array.from({ length: 100 }, () => open(OTHER_TOKEN)));
    await Promise.all([...own, ...others].map((client) => client.ready()));
    const oneMore = await open(TOKEN);
    await expect.poll(() => oneMore.status, soon).toBe(429);
    const ids = [await send(harness), await send(harness), await send(harness)];
    await expect.poll(() => own.every(({ changes }) => changes.length === 3), { timeout: 20_000 }).toBe(true);
    for (const { changes } of own) expect(changes.map(({ id }) => id)).toEqual(ids);
    for (const { changes } of others) expect(changes).toEqual([]);
    // Those who leave make room.
    own[0]?.socket.destroy();
    await expect
      .poll(async () => {
        const next = await open(TOKEN);
        await expect.poll(() => next.status, soon).not.toBe(0);
        return next.status;
      }, soon)
      .toBe(200);
  });

  it('do not wait for one that does not read: it is dropped', async () => {
    const metrics = new Metrics('0.0.0');
    const harness = await ApiHarness.start({
      // Only changes are written. A window has all those of a batch, and lists them.
      limits: {
        eventWindow: 1,
        eventHeartbeat: 1e6,
        eventBacklog: 10_000,
        eventChanges: BATCH,
        eventHistory: BATCH,
      },
      metrics: { metrics, scrape: new Scrape(metrics) },
    });
    const watcher = withWatcher(harness);
    const slow = await (await Client.open(harness)).ready();
    const fast = await (await Client.open(harness)).ready();
    const sockets = () => harness.api.app.server.getConnections.bind(harness.api.app.server);
    const count = () => new Promise<number>((resolve) => sockets()((_error, number) => resolve(number)));
    expect(await count()).toBe(2);
    slow.socket.pause();
    // Some megabytes fill the buffers of the kernel. The server shares its thread with the client that reads.
    let id = 0;
    for (let batch = 0; batch < 100 && (await count()) > 1; batch++) {
      const changes = Array.from({ length: BATCH }, (): MailChange => {
        id += 1;
        return { id, domainId: harness.domain.id, kind: 'accepted', status: 'held' };
      });
      watcher().changed(changes);
      await expect.poll(() => fast.has(id), soon).toBe(true);
    }
    expect(await count()).toBe(1);
    watcher().changed([{ id: 1_000_000_000, domainId: harness.domain.id, kind: 'accepted', status: 'held' }]);
    await expect.poll(() => fast.changes.at(-1)?.id, soon).toBe(1_000_000_000);
    expect(await metrics.registry.metrics()).toMatch(/^postern_event_streams_dropped_total 1$/m);
  }, 60_000);

  it('get one event that says so, and no list, if there were too many changes at once', async () => {
    const harness = await ApiHarness.start({ limits: { ...EVERY, eventChanges: 10 } });
    const watcher = withWatcher(harness);
    const own = await (await Client.open(harness)).ready();
    const other = await (await Client.open(harness, { 'mailpace-server-token': OTHER_TOKEN })).ready();
    const many = Array.from({ length: 11 }, (_, at): MailChange => {
      return { id: at + 1, domainId: harness.domain.id, kind: 'accepted', status: 'held' };
    });
    watcher().changed([...many, { id: 99, domainId: harness.other.id, kind: 'accepted', status: 'held' }]);
    await expect.poll(() => own.events.map(({ event }) => event), soon).toEqual(['ready', 'missed']);
    expect(other.changes.map(({ id }) => id)).toEqual([99]);
    watcher().missed();
    await expect
      .poll(() => other.events.map(({ event }) => event), soon)
      .toEqual(['ready', 'messages', 'missed']);
  });
});

describe('changes that are gathered', () => {
  const change = (id: number, kind: MailChange['kind'], status: MailChange['status'] = null): MailChange => {
    return { id, domainId: 1, kind, status };
  };

  it('are one for each kind and message, and of a removed message only that', () => {
    const gathered = new GatheredChanges(100);
    gathered.add([change(1, 'accepted', 'queued'), change(2, 'tags'), change(1, 'status')]);
    gathered.add([change(2, 'status'), change(2, 'tags'), change(3, 'status'), change(3, 'removed')]);
    expect(gathered.take()).toEqual([
      change(1, 'accepted'),
      change(2, 'tags'),
      change(2, 'status'),
      change(3, 'removed'),
    ]);
    expect(gathered.take()).toEqual([]);
  });

  it('are bounded, and forgotten when there are more', () => {
    const gathered = new GatheredChanges(2);
    gathered.add([change(1, 'status'), change(2, 'status')]);
    gathered.add([change(1, 'status')]);
    expect(gathered.take()).toHaveLength(2);
    gathered.add([change(1, 'status'), change(2, 'status'), change(3, 'status'), change(4, 'status')]);
    expect(gathered.take()).toBeNull();
    expect(gathered.take()).toEqual([]);
  });
});
