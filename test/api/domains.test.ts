// Tests the routes about domains: tokens, retention, DKIM, the block list and the webhook, each within its scope.
import type { LightMyRequestResponse } from 'fastify';
import { beforeEach, describe, expect, it } from 'vitest';
import { passwordRecord } from '../../src/api/sign-in/password.js';
import type { Lookups } from '../../src/delivery/verify/lookup.js';
import { OTHER_TOKEN, ApiHarness, TOKEN } from './api-harness.js';

const PASSWORD = 'correct horse battery';
const RECORD = passwordRecord(PASSWORD);

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Makes requests as the administrator, as example.com and as other.example. */
class DomainRoutes {
  private constructor(
    readonly harness: ApiHarness,
    private readonly cookie: string,
  ) {}

  static async start(options: Parameters<typeof ApiHarness.start>[0] = {}): Promise<DomainRoutes> {
    const harness = await ApiHarness.start(options);
    await harness.store.administrator.setPassword(await RECORD, { onlyIfNone: false });
    const headers = { host: 'mx.example', origin: 'http://mx.example' };
    const payload = { password: PASSWORD };
    const answer = await harness.api.app.inject({ method: 'POST', url: '/api/v1/session', headers, payload });
    const [cookie] = answer.cookies;
    return new DomainRoutes(harness, `${cookie?.name}=${cookie?.value}`);
  }

  admin(method: Method, path: string, body?: object): Promise<LightMyRequestResponse> {
    return this.#ask(method, path, { cookie: this.cookie, origin: 'http://mx.example' }, body);
  }

  own(method: Method, path: string, body?: object): Promise<LightMyRequestResponse> {
    return this.by(TOKEN, method, path, body);
  }

  foreign(method: Method, path: string, body?: object): Promise<LightMyRequestResponse> {
    return this.by(OTHER_TOKEN, method, path, body);
  }

  by(token: string, method: Method, path: string, body?: object): Promise<LightMyRequestResponse> {
    return this.#ask(method, path, { 'mailpace-server-token': token }, body);
  }

  async send(fields: object = {}): Promise<number> {
    const mail = { from: 'app@example.com', to: 'you@example.net', subject: 'x', textbody: 'x', ...fields };
    return (await this.harness.send(mail)).json<{ id: number }>().id;
  }

  async #ask(
    method: Method,
    path: string,
    headers: Record<string, string>,
    body?: object,
  ): Promise<LightMyRequestResponse> {
    // Awaited: without that, the request would begin only when its answer is asked for.
    return await this.harness.api.app.inject({
      method,
      url: `/api/v1/domains${path}`,
      headers: { host: 'mx.example', ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
  }
}

let routes: DomainRoutes;
beforeEach(async () => {
  routes = await DomainRoutes.start();
});

const NOT_FOUND = { error: 'There is no such thing', code: 'not_found' };

describe('domains', () => {
  it('are added with a token that works at once and is shown once', async () => {
    const added = await routes.admin('POST', '', { name: 'New.Example.' });
    expect(added.statusCode).toBe(201);
    const { domain, token } = added.json<{ domain: object; token: string }>();
    expect(domain).toEqual({
      name: 'new.example',
      createdAt: expect.any(String),
      messages: { held: 0, queued: 0, deferred: 0, delivered: 0, bounced: 0, cancelled: 0 },
      contentOctets: 0,
      tokens: [{ createdAt: expect.any(String), lastUsedAt: null, expiresAt: null }],
      retention: { contentAge: null, messageAge: null, contentOctets: null },
    });
    const list = await routes.by(token, 'GET', '');
    expect(list.json()).toMatchObject({ domains: [{ name: 'new.example' }], next: null });
    expect(list.body).not.toContain(token);
    const again = await routes.admin('POST', '', { name: 'new.example' });
    expect([again.statusCode, again.json()]).toEqual([
      409,
      { error: 'The domain new.example is there already', code: 'conflict' },
    ]);
  });

  it.each([{ name: 'not a name' }, { name: '192.0.2.1' }, { name: '' }, {}, { name: 'a.example', x: 1 }])(
    'are not added as %j',
    async (body) => {
      const answer = await routes.admin('POST', '', body);
      expect([answer.statusCode, answer.json()]).toEqual([
        400,
        expect.objectContaining({ code: 'invalid', errors: expect.any(Object) }),
      ]);
    },
  );

  it('are listed by name, page by page; a domain sees itself alone', async () => {
    await routes.admin('POST', '', { name: 'a.example' });
    const first = (await routes.admin('GET', '?limit=2')).json<{
      domains: { name: string }[];
      next: string;
    }>();
    expect(first).toMatchObject({
      domains: [{ name: 'a.example' }, { name: 'example.com' }],
      next: 'example.com',
    });
    expect((await routes.admin('GET', `?limit=2&after=${first.next}`)).json()).toMatchObject({
      domains: [{ name: 'other.example' }],
      next: null,
    });
    expect((await routes.admin('GET', '?contains=OTHER')).json()).toMatchObject({
      domains: [{ name: 'other.example' }],
    });
    expect((await routes.foreign('GET', '')).json()).toMatchObject({ domains: [{ name: 'other.example' }] });
    expect((await routes.own('GET', '?contains=other')).json()).toEqual({ domains: [], next: null });
    expect((await routes.own('GET', '/example.com')).json()).toMatchObject({ name: 'example.com' });
    const foreign = await routes.foreign('GET', '/example.com');
    expect([foreign.statusCode, foreign.json()]).toEqual([404, NOT_FOUND]);
    const none = await routes.admin('GET', '/none.example');
    expect([none.statusCode, none.json()]).toEqual([404, NOT_FOUND]);
  });

  it.each(['keep', 'cancel'] as const)('are removed: %s what waits', async (waiting) => {
    const id = await routes.send();
    expect((await routes.own('DELETE', '/example.com?waiting=keep')).statusCode).toBe(403);
    expect((await routes.admin('DELETE', '/example.com')).statusCode).toBe(400);
    expect((await routes.admin('DELETE', '/example.com?waiting=drop')).statusCode).toBe(400);
    const removed = await routes.admin('DELETE', `/example.com?waiting=${waiting}`);
    expect(removed.json()).toEqual({ cancelled: waiting === 'cancel' ? 1 : 0 });
    expect((await routes.harness.message(id)).status).toBe(waiting === 'cancel' ? 'cancelled' : 'held');
    expect((await routes.own('GET', '')).statusCode).toBe(401);
    expect((await routes.admin('DELETE', `/example.com?waiting=${waiting}`)).statusCode).toBe(404);
    expect((await routes.admin('POST', '', { name: 'example.com' })).statusCode).toBe(201);
  });

  it('have a retention that the administrator sets', async () => {
    const retention = { contentAge: 60_000, messageAge: null, contentOctets: 1000 };
    expect((await routes.own('PUT', '/example.com/retention', retention)).statusCode).toBe(403);
    expect((await routes.admin('PUT', '/none.example/retention', retention)).statusCode).toBe(404);
    const set = await routes.admin('PUT', '/example.com/retention', retention);
    expect(set.json()).toMatchObject({ name: 'example.com', retention });
    expect((await routes.own('GET', '/example.com')).json()).toMatchObject({ retention });
    for (const wrong of [{}, { ...retention, contentAge: 1 }, { ...retention, contentOctets: -1 }]) {
      expect((await routes.admin('PUT', '/example.com/retention', wrong)).statusCode).toBe(400);
    }
  });
});

describe('the token of a domain', () => {
  it('is replaced by itself: the old one works until the grace is over', async () => {
    const rotated = await routes.own('POST', '/example.com/token', { grace: 60_000 });
    expect(rotated.statusCode).toBe(201);
    const { token, oldUntil } = rotated.json<{ token: string; oldUntil: string }>();
    expect(Date.parse(oldUntil)).toBeGreaterThan(Date.now() + 50_000);
    for (const valid of [token, TOKEN]) {
      expect((await routes.by(valid, 'GET', '/example.com')).json()).toMatchObject({
        tokens: [
          { expiresAt: null, createdAt: expect.any(String) },
          { expiresAt: oldUntil, lastUsedAt: expect.any(String) },
        ],
      });
    }
    const last = (await routes.by(token, 'POST', '/example.com/token', { grace: 0 })).json<{
      token: string;
    }>();
    // From this very moment, although tokens are cached.
    for (const old of [token, TOKEN]) {
      expect((await routes.by(old, 'GET', '/example.com')).statusCode).toBe(401);
    }
    expect((await routes.by(last.token, 'GET', '/example.com')).statusCode).toBe(200);
  });

  it('works for a day more unless the request says otherwise', async () => {
    const { oldUntil } = (await routes.admin('POST', '/example.com/token', {})).json<{ oldUntil: string }>();
    const left = Date.parse(oldUntil) - Date.now();
    expect(left).toBeGreaterThan(86_000_000);
    expect(left).toBeLessThanOrEqual(86_400_000);
  });

  it('ends the other sessions of the domain', async () => {
    const headers = { host: 'mx.example', origin: 'http://mx.example' };
    const signIn = async (): Promise<string> => {
      const payload = { token: TOKEN };
      const { app } = routes.harness.api;
      const answer = await app.inject({ method: 'POST', url: '/api/v1/session', headers, payload });
      return `postern_session=${answer.cookies[0]?.value}`;
    };
    const [mine, stolen] = [await signIn(), await signIn()];
    const url = '/api/v1/domains/example.com/token';
    const rotated = await routes.harness.api.app.inject({
      method: 'POST',
      url,
      headers: { ...headers, cookie: mine },
      payload: {},
    });
    expect(rotated.statusCode).toBe(201);
    const status = async (cookie: string): Promise<number> =>
      (await routes.harness.api.app.inject({ url: '/api/v1/session', headers: { ...headers, cookie } }))
        .statusCode;
    expect([await status(mine), await status(stolen)]).toEqual([200, 401]);
  });

  it.each([{ grace: -1 }, { grace: '1d' }, { grace: 1e15 }, { grace: 1, x: 2 }])(
    'is not rotated with %j',
    async (body) => {
      expect((await routes.own('POST', '/example.com/token', body)).statusCode).toBe(400);
      expect((await routes.own('GET', '/example.com')).statusCode).toBe(200);
    },
  );

  it('is not rotated by another domain', async () => {
    expect((await routes.foreign('POST', '/example.com/token', { grace: 0 })).statusCode).toBe(404);
    expect((await routes.own('GET', '/example.com')).statusCode).toBe(200);
  });
});

describe('DKIM keys', () => {
  interface Keys {
    keys: { selector: string; active: boolean; record: { name: string; value: string; zone: string } }[];
  }

  it('are made, switched off and on, and removed', async () => {
    const made = await routes.own('POST', '/example.com/dkim', {});
    expect(made.statusCode).toBe(201);
    const { keys } = made.json<Keys>();
    expect(keys).toEqual([
      {
        selector: 'postern-rsa',
        algorithm: 'rsa-sha256',
        createdAt: expect.any(String),
        active: false,
        record: {
          name: 'postern-rsa._domainkey.example.com',
          type: 'TXT',
          value: expect.stringMatching(/^v=DKIM1; k=rsa; p=MII/),
          strings: [expect.any(String), expect.any(String)],
          zone: expect.stringMatching(/^postern-rsa\._domainkey\.example\.com\. IN TXT \( "/),
        },
      },
      expect.objectContaining({ selector: 'postern-ed25519', algorithm: 'ed25519-sha256' }),
    ]);
    expect(made.body).not.toContain('rivate');
    expect((await routes.own('PATCH', '/example.com/dkim/postern-rsa', { active: true })).statusCode).toBe(
      204,
    );
    const listed = (await routes.own('GET', '/example.com/dkim')).json<Keys>();
    expect(listed.keys.map(({ selector, active }) => [selector, active])).toEqual([
      ['postern-rsa', true],
      ['postern-ed25519', false],
    ]);
    expect((await routes.own('POST', '/example.com/dkim', {})).statusCode).toBe(409);
    expect((await routes.own('DELETE', '/example.com/dkim/postern-rsa')).statusCode).toBe(204);
    expect((await routes.own('DELETE', '/example.com/dkim/postern-rsa')).statusCode).toBe(404);
    expect((await routes.own('PATCH', '/example.com/dkim/none', { active: true })).statusCode).toBe(404);
    const next = { selector: 'next', algorithm: 'ed25519', active: true };
    const one = await routes.own('POST', '/example.com/dkim', next);
    expect(one.json<Keys>().keys.map(({ selector, active }) => [selector, active])).toEqual([['next', true]]);
  });

  it('of another domain are not seen or changed', async () => {
    await routes.own('POST', '/example.com/dkim', { selector: 's', algorithm: 'ed25519', active: true });
    for (const [method, path, body] of [
      ['GET', '/example.com/dkim', undefined],
      ['POST', '/example.com/dkim', {}],
      ['PATCH', '/example.com/dkim/s', { active: false }],
      ['DELETE', '/example.com/dkim/s', undefined],
    ] as const) {
      expect([method, (await routes.foreign(method, path, body)).statusCode]).toEqual([method, 404]);
    }
    // The path of the own domain leads to own keys alone.
    expect((await routes.foreign('DELETE', '/other.example/dkim/s')).statusCode).toBe(404);
    expect((await routes.own('GET', '/example.com/dkim')).json<Keys>().keys).toMatchObject([
      { active: true },
    ]);
  });

  it.each([{ selector: 'Not A Selector' }, { selector: '' }, { algorithm: 'dsa' }, { selector: 'a_b' }])(
    'are not made as %j',
    async (body) => {
      expect((await routes.own('POST', '/example.com/dkim', body)).statusCode).toBe(400);
      expect((await routes.own('GET', '/example.com/dkim')).json()).toEqual({ keys: [] });
    },
  );

  it('of one domain are bounded in number', async () => {
    routes = await DomainRoutes.start({ limits: { dkimKeys: 1 } });
    const make = (selector: string) =>
      routes.own('POST', '/example.com/dkim', { selector, algorithm: 'ed25519' });
    expect((await make('a')).statusCode).toBe(201);
    expect((await make('b')).statusCode).toBe(409);
  });
});

describe('verify', () => {
  const lookups = (texts: Lookups['texts']): (() => Lookups) => {
    return () => ({
      texts,
      mailServers: async () => [],
      policy: () => Promise.reject(new Error('not asked')),
      cancel: () => undefined,
    });
  };

  it('says in words what is there and what is missing', async () => {
    routes = await DomainRoutes.start({
      lookups: lookups(async (name) => (name === 'example.com' ? ['v=spf1 -all'] : [])),
    });
    const answer = (await routes.own('GET', '/example.com/verify')).json<{
      ok: boolean;
      findings: object[];
    }>();
    expect(answer.ok).toBe(false);
    expect(answer.findings).toEqual([
      expect.objectContaining({ check: 'dkim', ok: false, optional: false, record: null }),
      expect.objectContaining({ check: 'spf', ok: true, says: 'the SPF record is v=spf1 -all' }),
      expect.objectContaining({
        check: 'dmarc',
        ok: false,
        record: expect.objectContaining({
          name: '_dmarc.example.com',
          value: 'v=DMARC1; p=none',
          type: 'TXT',
        }),
      }),
      expect.objectContaining({ check: 'mta-sts', ok: true, optional: true }),
    ]);
    expect((await routes.foreign('GET', '/example.com/verify')).statusCode).toBe(404);
  });

  it('is bounded in how many run at one time', async () => {
    let answer: (texts: string[]) => void = () => undefined;
    const waiting = new Promise<string[]>((resolve) => (answer = resolve));
    routes = await DomainRoutes.start({ lookups: lookups(() => waiting), limits: { domainWork: 4 } });
    const first = routes.own('GET', '/example.com/verify');
    await expect.poll(async () => (await routes.own('GET', '/example.com/verify')).statusCode).toBe(429);
    answer([]);
    expect((await first).statusCode).toBe(200);
  });
});

describe('the block list', () => {
  it('is searched piece by piece, so that a long one takes several requests', async () => {
    routes = await DomainRoutes.start({ limits: { listTime: 0 } });
    const entries = Array.from({ length: 2500 }, (_, number) => ({
      domain: 'example.com',
      address: `a${String(number).padStart(4, '0')}@example.net`,
      verdict: number === 2400 ? ('allowed' as const) : ('blocked' as const),
      reason: 'it bounced',
      since: 1,
      expiresAt: null,
    }));
    await routes.harness.store.blockLists.putAll('all', entries);
    for (const query of ['contains=2400@', 'verdict=allowed', 'contains=A24&verdict=allowed']) {
      const found = [];
      const pages = [];
      let next: string | null = '';
      while (next !== null) {
        const after: string = next === '' ? '' : `&after=${next}`;
        const answer = await routes.own('GET', `/example.com/block-list?${query}${after}`);
        const page = answer.json<{ entries: { address: string }[]; next: string | null }>();
        found.push(...page.entries.map(({ address }) => address));
        pages.push(page.entries.length);
        next = page.next;
      }
      expect([query, found, pages]).toEqual([query, ['a2400@example.net'], [0, 0, 1]]);
    }
    const first = await routes.own('GET', '/example.com/block-list?contains=example&limit=2');
    expect(first.json()).toMatchObject({
      entries: [{ address: 'a0000@example.net' }, { address: 'a0001@example.net' }],
      next: 'a0001@example.net',
    });
  });

  const entry = (address: string, more: object = {}) => ({ address, verdict: 'blocked', ...more });

  it('takes many entries at once, finds them, and removes them', async () => {
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const entries = [
      entry('Anna@example.net', { reason: 'asked for it', expiresAt: later }),
      entry('bob@example.org'),
      { address: 'carol@example.org', verdict: 'allowed', expiresAt: null },
    ];
    expect((await routes.own('POST', '/example.com/block-list', { entries })).json()).toEqual({ changed: 3 });
    const list = async (query = ''): Promise<string[]> =>
      (await routes.own('GET', `/example.com/block-list${query}`))
        .json<{ entries: { address: string }[] }>()
        .entries.map(({ address }) => address);
    expect(await list()).toEqual(['anna@example.net', 'bob@example.org', 'carol@example.org']);
    expect(await list('?verdict=allowed')).toEqual(['carol@example.org']);
    expect(await list('?contains=EXAMPLE.ORG')).toEqual(['bob@example.org', 'carol@example.org']);
    const page = (await routes.own('GET', '/example.com/block-list?limit=1')).json<object>();
    expect(page).toEqual({
      entries: [
        {
          address: 'anna@example.net',
          verdict: 'blocked',
          reason: 'asked for it',
          since: expect.any(String),
          expiresAt: later,
        },
      ],
      next: 'anna@example.net',
    });
    expect(await list('?limit=1&after=anna@example.net')).toEqual(['bob@example.org']);
    const refused = await routes.harness.send({
      from: 'a@example.com',
      to: 'anna@example.net',
      textbody: 'x',
    });
    expect(refused.json()).toEqual({ errors: { to: ['contains a blocked address'] } });
    const addresses = ['BOB@example.org', 'none@example.org'];
    expect((await routes.own('POST', '/example.com/block-list/remove', { addresses })).json()).toEqual({
      changed: 1,
    });
    expect((await routes.own('DELETE', '/example.com/block-list/anna@example.net')).statusCode).toBe(204);
    expect((await routes.own('DELETE', '/example.com/block-list/anna@example.net')).statusCode).toBe(404);
    expect(await list()).toEqual(['carol@example.org']);
  });

  it.each([
    ['entries.1.address', entry('x')],
    ['entries.1.address', entry('a b@example.com\n')],
    ['entries.1.reason', entry('a@example.com', { reason: 'two\nlines' })],
    ['entries.1.expiresAt', entry('a@example.com', { expiresAt: '2020-01-01T00:00:00Z' })],
    ['entries.1.verdict', entry('a@example.com', { verdict: 'hated' })],
    ['entries.1.since', entry('a@example.com', { since: '2020-01-01T00:00:00Z' })],
  ])('names %s, and takes none of the entries with it', async (field, wrong) => {
    const body = { entries: [entry('fine@example.net'), wrong] };
    const answer = await routes.own('POST', '/example.com/block-list', body);
    expect([answer.statusCode, Object.keys(answer.json<{ errors: object }>().errors)]).toEqual([
      400,
      [field],
    ]);
    expect((await routes.own('GET', '/example.com/block-list')).json()).toEqual({ entries: [], next: null });
  });

  it('takes 1000 entries at most', async () => {
    const entries = Array.from({ length: 1001 }, (_, at) => entry(`a${at}@example.net`));
    expect((await routes.own('POST', '/example.com/block-list', { entries })).statusCode).toBe(400);
    const most = { entries: entries.slice(1) };
    expect((await routes.own('POST', '/example.com/block-list', most)).json()).toEqual({ changed: 1000 });
  });

  it('of another domain is not seen or changed', async () => {
    await routes.own('POST', '/example.com/block-list', { entries: [entry('a@example.net')] });
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['POST', '', { entries: [entry('b@example.net')] }],
      ['POST', '/remove', { addresses: ['a@example.net'] }],
      ['DELETE', '/a@example.net', undefined],
    ] as const) {
      const answer = await routes.foreign(method, `/example.com/block-list${path}`, body);
      expect([method, answer.statusCode]).toEqual([method, 404]);
    }
    expect((await routes.foreign('DELETE', '/other.example/block-list/a@example.net')).statusCode).toBe(404);
    expect((await routes.own('GET', '/example.com/block-list')).json()).toMatchObject({
      entries: [{ address: 'a@example.net' }],
    });
  });
});

describe('the webhook', () => {
  const URL = 'https://hooks.example.com/x?key=1';

  it('is set, switched off and on, and removed; its key stays', async () => {
    expect((await routes.own('GET', '/example.com/webhook')).statusCode).toBe(404);
    expect((await routes.own('PATCH', '/example.com/webhook', { on: true })).statusCode).toBe(404);
    const set = (await routes.own('PUT', '/example.com/webhook', { url: URL })).json<{ publicKey: string }>();
    expect(set).toEqual({
      url: URL,
      events: ['email.queued', 'email.delivered', 'email.deferred', 'email.bounced'],
      publicKey: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
      createdAt: expect.any(String),
      off: null,
    });
    const off = await routes.own('PATCH', '/example.com/webhook', { on: false });
    expect(off.json()).toMatchObject({ off: { reason: 'switched off by hand', since: expect.any(String) } });
    expect((await routes.own('PATCH', '/example.com/webhook', { on: true })).json()).toMatchObject({
      off: null,
    });
    const changed = { url: 'https://hooks.example.com/y', events: ['email.bounced'] };
    expect((await routes.own('PUT', '/example.com/webhook', changed)).json()).toMatchObject({
      ...changed,
      publicKey: set.publicKey,
    });
    expect((await routes.own('DELETE', '/example.com/webhook')).statusCode).toBe(204);
    expect((await routes.own('DELETE', '/example.com/webhook')).statusCode).toBe(404);
  });

  it.each([
    { url: 'http://hooks.example.com/' },
    { url: 'https://127.0.0.1/' },
    { url: 'https://user:secret@hooks.example.com/' },
    { url: 'x' },
    { url: URL, events: [] },
    { url: URL, events: ['email.lost'] },
    {},
  ])('is not set as %j', async (body) => {
    const answer = await routes.own('PUT', '/example.com/webhook', body);
    expect([answer.statusCode, answer.json()]).toEqual([400, expect.objectContaining({ code: 'invalid' })]);
  });

  it('shows its calls, newest first, and sends their events again', async () => {
    const id = await routes.send();
    await routes.own('PUT', '/example.com/webhook', { url: URL });
    const call = { event: 7, domainId: routes.harness.domain.id, name: 'email.queued', message: id } as const;
    const { webhookCalls } = routes.harness.store;
    await webhookCalls.record({
      ...{ ...call, at: 1000, duration: 5, status: 500, outcome: 'failed', problem: 'the answer was 500' },
    });
    await webhookCalls.record({
      ...call,
      at: 2000,
      duration: 6,
      status: 200,
      outcome: 'delivered',
      problem: null,
    });
    const page = (await routes.own('GET', '/example.com/webhook/calls?limit=1')).json<{
      calls: { call: number }[];
      next: string;
    }>();
    expect(page.calls).toEqual([
      {
        call: expect.any(Number),
        event: 7,
        name: 'email.queued',
        message: id,
        at: new Date(2000).toISOString(),
        duration: 6,
        status: 200,
        outcome: 'delivered',
        problem: null,
      },
    ]);
    const next = await routes.own('GET', `/example.com/webhook/calls?limit=1&before=${page.next}`);
    expect(next.json()).toMatchObject({
      calls: [{ status: 500, problem: 'the answer was 500' }],
      next: null,
    });
    const failed = await routes.own('GET', '/example.com/webhook/calls?outcome=failed');
    expect(failed.json<{ calls: [] }>().calls).toHaveLength(1);
    const path = `/example.com/webhook/calls/${page.calls[0]?.call}/redeliver`;
    const again = await routes.own('POST', path);
    expect([again.statusCode, again.json()]).toEqual([202, { event: expect.any(Number) }]);
    const [event] = await routes.harness.store.webhooks.leaseEvents({
      now: Date.now(),
      until: Date.now() + 1,
      limit: 9,
    });
    expect(event).toMatchObject({ ...again.json<object>(), message: id, name: 'email.queued' });
    // By the path of the own domain, the call of another one is not found, for any caller.
    const other = path.replace('example.com', 'other.example');
    await routes.foreign('PUT', '/other.example/webhook', { url: URL });
    expect((await routes.foreign('POST', path)).statusCode).toBe(404);
    expect((await routes.foreign('POST', other)).statusCode).toBe(404);
    expect((await routes.admin('POST', other)).statusCode).toBe(404);
    await routes.own('PATCH', '/example.com/webhook', { on: false });
    expect((await routes.own('POST', path)).statusCode).toBe(409);
  });

  it('is tried with an event about a message of the domain', async () => {
    expect((await routes.own('POST', '/example.com/webhook/test', {})).statusCode).toBe(404);
    await routes.own('PUT', '/example.com/webhook', { url: URL });
    const none = await routes.own('POST', '/example.com/webhook/test', {});
    expect([none.statusCode, none.json<{ code: string }>().code]).toEqual([409, 'conflict']);
    const id = await routes.send();
    const newer = await routes.send();
    const { webhooks } = routes.harness.store;
    // Each call comes after the leases of the one before have ended.
    let now = Date.now() + 60_000;
    const events = () => {
      now += 10;
      return webhooks.leaseEvents({ now, until: now + 5, limit: 9 });
    };
    for (const { event } of await events()) await webhooks.endEvent(event);
    const test = await routes.own('POST', '/example.com/webhook/test', {});
    expect(test.statusCode).toBe(202);
    expect(await events()).toMatchObject([
      { ...test.json<object>(), name: 'email.delivered', message: newer },
    ]);
    for (const { event } of await events()) await webhooks.endEvent(event);
    await routes.own('POST', '/example.com/webhook/test', { name: 'email.bounced', message: id });
    expect(await events()).toMatchObject([{ name: 'email.bounced', message: id }]);
    await routes.foreign('PUT', '/other.example/webhook', { url: URL });
    const foreign = await routes.foreign('POST', '/other.example/webhook/test', { message: id });
    expect(foreign.statusCode).toBe(404);
    const wrong = await routes.own('POST', '/example.com/webhook/test', { name: 'email.lost' });
    expect(wrong.statusCode).toBe(400);
  });
});
