// Walks every route with what belongs to another domain: ids, names, tokens, sessions, cursors and event streams.
// Nothing of it may be seen or changed.
import { describe, expect, it, onTestFinished } from 'vitest';
import { Metrics } from '../../../src/api/metrics/metrics.js';
import { Scrape } from '../../../src/api/metrics/scrape.js';
import { type Case, CASES } from './cases.js';
import { type Credentials, type Method, type Tenant, World } from './world.js';

interface Walked extends Case {
  readonly method: Method;
  readonly route: string;
}

const ALL = Object.entries(CASES).map(([route, each]): Walked => {
  const [method] = route.split(' ') as [Method];
  return { ...each, method, route };
});

const METRICS = new Metrics('0.0.0');

async function makeWorld(): Promise<World> {
  return await World.make({ metrics: { metrics: METRICS, scrape: new Scrape(METRICS) } });
}

/** Returns who may use a route. */
function accessOf({ harness }: World, route: string): string {
  return harness.api.routes.find(({ method, url }) => `${method} ${url}` === route)?.access ?? 'absent';
}

/** Whether a route asks every client for credentials. */
function isClosed(world: World, route: string): boolean {
  return ['token', 'domain', 'administrator'].includes(accessOf(world, route));
}

/** The credentials by which a domain may ask for a route. */
function credentialsOf(world: World, route: string, { byToken, bySession }: Tenant): Credentials[] {
  return accessOf(world, route) === 'token' ? [byToken] : [byToken, bySession];
}

/** All that the administrator sees of a domain. */
async function stateOf(world: World, { name, mark, ...tenant }: Tenant): Promise<string> {
  const day = 86_400_000;
  const [since, until] = [-day, day].map((step) => new Date(Date.now() + step).toISOString().slice(0, 10));
  const shown = [];
  for (const url of [
    `/api/v1/messages?domain=${name}&limit=200`,
    ...[tenant.held, tenant.waiting, tenant.finished, tenant.removed].map((id) => `/api/v1/messages/${id}`),
    `/api/v1/messages/${tenant.held}/raw`,
    `/api/v1/tags?domain=${name}`,
    `/api/v1/statistics?domain=${name}&since=${since}&until=${until}`,
    `/api/v1/queue?domain=${name}`,
    ...['', '/dkim', '/block-list', '/webhook', '/webhook/calls'].map(
      (rest) => `/api/v1/domains/${name}${rest}`,
    ),
  ]) {
    const answer = await world.ask({ method: 'GET', url }, world.administrator);
    expect([url, answer.statusCode]).toEqual([url, 200]);
    shown.push(`${url} ${answer.body}`);
  }
  const sessions = await world.ask({ method: 'GET', url: '/api/v1/sessions' }, world.administrator);
  const { sessions: entries } = sessions.json<{ sessions: { domain: string }[] }>();
  shown.push(JSON.stringify(entries.filter(({ domain }) => domain === name)));
  const state = shown.join('\n');
  expect(state).toContain(mark);
  return state;
}

describe('the table of cases', () => {
  it('has each route of the server, and no other', async () => {
    const { harness } = await makeWorld();
    const routes = harness.api.routes
      .filter(({ access }) => access !== 'page')
      .map(({ method, url }) => `${method} ${url}`);
    expect(Object.keys(CASES).sort()).toEqual(routes.sort());
  });
});

describe('a domain', () => {
  it('sees and changes nothing of another one, by any route', async () => {
    const world = await makeWorld();
    const { own, other } = world;
    const before = await stateOf(world, own);
    for (const walked of ALL) {
      const { foreign, refusal = 404, method, route } = walked;
      if (foreign === null) continue;
      const requests = foreign?.(own, other) ?? [walked.own(own, world)];
      for (const request of requests) {
        for (const credentials of credentialsOf(world, route, other)) {
          const answer = await world.ask({ method, ...request }, credentials);
          const seen = [route, request.url, answer.statusCode, /amber/.test(answer.body)];
          expect(seen).toEqual([route, request.url, refusal, false]);
        }
      }
    }
    expect(await stateOf(world, own)).toBe(before);
    expect(world.harness.failures).toEqual([]);
  });

  it('is refused where only the administrator may, also about itself', async () => {
    const world = await makeWorld();
    const before = await stateOf(world, world.own);
    for (const walked of ALL) {
      if (accessOf(world, walked.route) !== 'administrator') continue;
      for (const credentials of credentialsOf(world, walked.route, world.own)) {
        const { method, own, route } = walked;
        const answer = await world.ask({ method, ...own(world.own, world) }, credentials);
        expect([route, answer.statusCode]).toEqual([route, 403]);
      }
    }
    expect(await stateOf(world, world.own)).toBe(before);
  });
});

describe('a request', () => {
  it.each([
    ['no credentials', {}],
    ['a wrong token', { 'mailpace-server-token': 'wrong' }],
    ['a wrong key', { authorization: 'Bearer wrong' }],
    [
      'a session that never was',
      { cookie: `postern_session=${'x'.repeat(43)}`, origin: 'http://mx.example' },
    ],
  ])('with %s sees and changes nothing, by any route', async (_, credentials: Credentials) => {
    const world = await makeWorld();
    const before = await stateOf(world, world.own);
    for (const { method, own, route } of ALL) {
      if (!isClosed(world, route)) continue;
      const answer = await world.ask({ method, ...own(world.own, world) }, credentials);
      const seen = [route, [400, 401, 403].includes(answer.statusCode), /amber/.test(answer.body)];
      expect(seen).toEqual([route, true, false]);
    }
    expect(await stateOf(world, world.own)).toBe(before);
  });

  it('with a session, from a page of another site, changes nothing, by any route', async () => {
    const world = await makeWorld();
    const before = await stateOf(world, world.own);
    const { cookie = '' } = world.own.bySession;
    const { cookie: administrator = '' } = world.administrator;
    for (const { method, own, route } of ALL) {
      if (method === 'GET') continue;
      for (const credentials of [
        { cookie, origin: 'https://evil.example' },
        { cookie: administrator, origin: 'https://evil.example' },
        { cookie, origin: 'null' },
        { cookie },
      ]) {
        // Signing in needs no session, and sending needs a token; both refuse a foreign origin all the same.
        if (!('origin' in credentials) && ['open', 'token'].includes(accessOf(world, route))) continue;
        const answer = await world.ask({ method, ...own(world.own, world) }, credentials);
        const expected = route.includes('/postmark/') ? 422 : 403;
        expect([route, credentials, answer.statusCode]).toEqual([route, credentials, expected]);
      }
    }
    expect(await stateOf(world, world.own)).toBe(before);
  });

  it('with a session that was ended, or a token that was replaced, sees nothing, by any route', async () => {
    const world = await makeWorld();
    const { own, harness } = world;
    await world.ask({ method: 'DELETE', url: '/api/v1/session' }, own.bySession);
    const rotated = await world.ask(
      { method: 'POST', url: `/api/v1/domains/${own.name}/token`, body: { grace: 0 } },
      world.administrator,
    );
    expect(rotated.statusCode).toBe(201);
    const before = await stateOf(world, own);
    for (const walked of ALL) {
      if (!isClosed(world, walked.route)) continue;
      for (const credentials of credentialsOf(world, walked.route, own)) {
        const answer = await world.ask({ method: walked.method, ...walked.own(own, world) }, credentials);
        const seen = [walked.route, [400, 401, 403].includes(answer.statusCode), /amber/.test(answer.body)];
        expect(seen).toEqual([walked.route, true, false]);
      }
    }
    expect(await stateOf(world, own)).toBe(before);
    expect(harness.failures).toEqual([]);
  });
});

describe('an event stream', () => {
  /** Reads events of a stream until one of them matches. `whenReady` is called once, when the stream is open. */
  async function readUntil(
    world: World,
    headers: Credentials,
    pattern: RegExp,
    whenReady?: () => void,
  ): Promise<string> {
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    const base = await world.harness.listen();
    const response = await fetch(`${base}/api/v1/events`, { headers, signal: abort.signal });
    let text = '';
    for await (const octets of response.body ?? []) {
      text += Buffer.from(octets as Uint8Array).toString();
      if (whenReady !== undefined && text.includes('event: ready')) {
        whenReady();
        whenReady = undefined;
      }
      if (pattern.test(text)) break;
    }
    abort.abort();
    return text;
  }

  it('that goes on from the last event of another domain shows nothing of it', async () => {
    const world = await makeWorld();
    const { own, other } = world;
    const send = async ({ name, byToken, mark }: Tenant): Promise<number> => {
      const body = { from: `app@${name}`, to: `${mark}@example.net`, textbody: 'x' };
      const answer = await world.ask({ method: 'POST', url: '/api/v1/send', body }, byToken);
      return answer.json<{ id: number }>().id;
    };
    // What happens before the stream is ready does not come.
    let first = Promise.resolve('');
    await new Promise<void>((resolve) => {
      first = readUntil(world, own.byToken, /event: messages/, resolve);
    });
    const secrets = [await send(own)];
    const seen = await first;
    const [, lastId = ''] = /^id: (.+)$/m.exec(seen) ?? [];
    expect(seen).toContain(String(secrets[0]));
    secrets.push(await send(own));
    const theirs = await send(other);
    // A stream of the owner shows both: so there is something to hide.
    const again = await readUntil(
      world,
      { ...own.byToken, 'last-event-id': lastId },
      new RegExp(String(secrets[1])),
    );
    expect(again).not.toContain(String(theirs));
    const stranger = { ...other.byToken, 'last-event-id': lastId };
    const shown = readUntil(world, stranger, new RegExp(`"id":${theirs}|event: missed`));
    const text = await shown;
    expect(secrets.filter((id) => text.includes(String(id)))).toEqual([]);
    expect(text).not.toMatch(/example\.com|amber/);
  });
});
