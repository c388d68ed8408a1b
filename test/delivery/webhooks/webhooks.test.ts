import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Metrics } from '../../../src/api/metrics/metrics.js';
import { countWebhooks } from '../../../src/cli/serve/metrics.js';
import { newWebhookKeys, shownKey } from '../../../src/delivery/webhooks/keys.js';
import { MAX_READ } from '../../../src/delivery/webhooks/body.js';
import { RETRIES } from '../../../src/delivery/webhooks/schedule.js';
import { startWebhooks, type WebhookOptions } from '../../../src/delivery/webhooks/webhooks.js';
import { type Domain, type NewMessage, type Store, StoreError } from '../../../src/store/port.js';
import type { AttemptOutcome } from '../../../src/store/queue.js';
import { EVENTS, type WebhookEvent } from '../../../src/store/webhooks.js';
import { DELIVERY } from '../../../src/delivery/limits.js';
import { testCertificates } from '../../certs.js';
import { accept, runningStore } from '../../cli/postern.js';
import { addDomain } from '../../store/fixtures.js';
import { apiServer, type ApiServer, type Reply } from '../https/api-server.js';
import { scratch } from '../../scratch.js';

const TIMEOUT = { timeout: 20_000, interval: 10 };

const CONTENT = Buffer.from(
  'From: App <app@example.com>\r\nTo: One <one@example.net>, Team: two@example.net;\r\nCc: Three <three@example.net>\r\n' +
    'Reply-To: help@example.com\r\nContent-Type: multipart/alternative; boundary=X\r\n\r\n' +
    '--X\r\nContent-Type: text/plain\r\n\r\nHello\r\n--X\r\nContent-Type: text/html\r\n\r\n<p>Hello\r\n--X--\r\n',
);

async function setUp(): Promise<{ readonly store: Store; readonly domain: Domain }> {
  const store = await runningStore(await scratch());
  return { store, domain: await addDomain(store) };
}

function never(): never {
  throw new Error('nothing was taken');
}

/** Starts to report events, quickly and to any address, until the end of the test. */
function start(store: Store, options: WebhookOptions = {}): { close(): Promise<void> } {
  const webhooks = startWebhooks(store, { allowPrivate: true, poll: 10, gap: () => 10, ...options });
  onTestFinished(() => webhooks.close());
  return webhooks;
}

async function setWebhook(store: Store, domain: Domain, url: string): Promise<string> {
  const keys = newWebhookKeys();
  await store.webhooks.set(domain.name, { url, events: EVENTS, keys }, Date.now());
  return shownKey(keys);
}

function queue(
  store: Store,
  domain: Domain,
  facts: Partial<NewMessage> = {},
  content = CONTENT,
): Promise<number> {
  return accept(store, domain.id, { status: 'queued', ...facts }, content);
}

/** Settles all recipients of the one message that is due. */
async function settle(store: Store, outcomes: readonly AttemptOutcome[]): Promise<void> {
  const now = Date.now();
  const [lease] = await store.queue.lease({ now, until: now + 60_000, limit: 1, perDomain: 1 });
  if (lease === undefined) throw new Error('nothing is due');
  const settlements = outcomes.map((outcome, position) => ({
    position,
    attempt: { at: now, outcome, remoteHost: 'mx.example.net', reply: `250 ${outcome}`, tls: null },
    nextAttemptAt: outcome === 'deferred' ? now + 60_000 : null,
    report: null,
    block: false,
  }));
  await store.queue.settle(lease, settlements, true);
}

/** Returns the events that the API received, in the order of the names. */
function reportedEvents(api: ApiServer): unknown[] {
  return api.taken
    .map(({ body }) => body)
    .sort((a, b) => String(a['event']).localeCompare(String(b['event'])));
}

describe('an event', () => {
  it('has the fields of the message, signed with the key of the domain', async () => {
    const { store, domain } = await setUp();
    const api = await apiServer(() => ({ status: 204 }));
    const publicKey = await setWebhook(store, domain, `${api.url}?a=b`);
    const receivedAt = Date.UTC(2026, 0, 1);
    const to = ['one@example.net', 'TWO@example.net', 'three@example.net', 'four@example.net'];
    const id = await queue(store, domain, {
      recipients: to.map((forwardPath) => ({ forwardPath })),
      tags: ['a', 'b'],
      listUnsubscribe: '<https://example.com/u>',
      receivedAt,
    });
    start(store);
    await vi.waitUntil(() => api.taken.length === 1, TIMEOUT);
    const [{ raw, headers, body, url } = never()] = api.taken;
    expect(url).toBe('/api/v1/send?a=b');
    expect(body).toEqual({
      event: 'email.queued',
      payload: {
        status: 'queued',
        id,
        domain_id: domain.id,
        created_at: '2026-01-01T00:00:00.000Z',
        updated_at: expect.stringMatching(/^20\d\d-.*Z$/),
        from: 'app@example.com',
        to: 'one@example.net, two@example.net',
        cc: 'three@example.net',
        bcc: 'four@example.net',
        subject: 'Hello',
        replyto: 'help@example.com',
        htmlbody: '<p>Hello',
        textbody: 'Hello',
        bodies_omitted: null,
        message_id: '<1@example.com>',
        list_unsubscribe: '<https://example.com/u>',
        tags: ['a', 'b'],
        recipients: to.map((address) => ({ address, status: 'queued', reply: null })),
      },
    });
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': expect.any(String) });
    const x = Buffer.from(publicKey, 'base64').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const signature = String(headers['x-mailpace-signature']);
    expect(signature).toMatch(/^[\w+/]{86}==$/);
    expect(verify(null, raw, key, Buffer.from(signature, 'base64'))).toBe(true);
    await vi.waitUntil(async () => (await store.webhooks.nextEventDue()) === null, TIMEOUT);
  });

  it('names its recipients, with the outcome and the reply for each', async () => {
    const { store, domain } = await setUp();
    const api = await apiServer(() => ({}));
    await setWebhook(store, domain, api.url);
    const recipients = [1, 2, 3, 4].map((number) => ({ forwardPath: `${number}@example.net` }));
    await queue(store, domain, { recipients });
    await settle(store, ['delivered', 'deferred', 'bounced', 'delivered']);
    start(store);
    await vi.waitUntil(() => api.taken.length === 4, TIMEOUT);
    const payload = (status: string, ...numbers: number[]): object => ({
      status,
      recipients: numbers.map((number) => ({
        address: `${number}@example.net`,
        status,
        reply: `250 ${status}`,
      })),
    });
    expect(reportedEvents(api)).toMatchObject([
      { event: 'email.bounced', payload: payload('bounced', 3) },
      { event: 'email.deferred', payload: payload('deferred', 2) },
      { event: 'email.delivered', payload: payload('delivered', 1, 4) },
      { event: 'email.queued', payload: { status: 'queued' } },
    ]);
  });

  it('has no text if its message is large, and no fields if the content cannot be read', async () => {
    const { store, domain } = await setUp();
    const api = await apiServer(() => ({}));
    await setWebhook(store, domain, api.url);
    const large = Buffer.concat([CONTENT, Buffer.alloc(MAX_READ + 1 - CONTENT.length, 'x')]);
    await queue(store, domain, {}, large);
    start(store);
    await vi.waitUntil(() => api.taken.length === 1, TIMEOUT);
    const bare = { listUnsubscribe: null, messageId: null, subject: null, reversePath: '' };
    await queue(store, domain, bare, Buffer.from('From: a@example.com\r\n\r\nx'));
    await vi.waitUntil(() => api.taken.length === 2, TIMEOUT);
    const nothing = { htmlbody: null, message_id: '<1@example.com>' };
    expect(api.taken.map(({ body }) => body['payload'])).toMatchObject([
      {
        ...nothing,
        textbody: null,
        to: 'one@example.net, two@example.net',
        bodies_omitted: `the message is larger than ${MAX_READ} octets`,
      },
      {
        ...nothing,
        message_id: null,
        textbody: expect.stringMatching(/^x/),
        to: null,
        cc: null,
        replyto: null,
        subject: null,
        list_unsubscribe: null,
        tags: [],
      },
    ]);
  });
});

describe('an endpoint', () => {
  it('that fails is called again until it answers with any 2xx', async () => {
    const { store, domain } = await setUp();
    const replies: Reply[] = [
      { status: 500 },
      { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
      { status: 404 },
      { status: 299 },
    ];
    const api = await apiServer(() => replies.shift());
    await setWebhook(store, domain, api.url);
    await queue(store, domain);
    const failed: string[] = [];
    start(store, {
      observer: { onFailed: (_, { attempts }, reason) => failed.push(`${attempts} ${reason}`) },
    });
    await vi.waitUntil(() => api.taken.length === 4, TIMEOUT);
    await vi.waitUntil(async () => (await store.webhooks.nextEventDue()) === null, TIMEOUT);
    expect(failed).toEqual(['0 the answer was 500', '1 the answer was 302', '2 the answer was 404']);
    expect(new Set(api.taken.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('that goes on failing is switched off after ten more tries, and logged once', async () => {
    const { store, domain } = await setUp();
    const api = await apiServer(() => ({ status: 500 }));
    await setWebhook(store, domain, api.url);
    await queue(store, domain);
    const off: string[] = [];
    const metrics = new Metrics('0.0.0');
    const counted = countWebhooks(metrics);
    start(store, {
      observer: {
        ...counted,
        onSwitchedOff: (webhook, reason) => {
          counted.onSwitchedOff?.(webhook, reason);
          off.push(`${webhook.domain}: ${reason}`);
        },
      },
    });
    await vi.waitUntil(() => off.length > 0, TIMEOUT);
    expect(off).toEqual(['example.com: the answer was 500']);
    expect(api.taken).toHaveLength(1 + RETRIES);
    const samples = await metrics.registry.metrics();
    expect(samples).toMatch(/^postern_webhooks_switched_off_total 1$/m);
    expect((await store.webhooks.list())[0]?.off?.reason).toBe('the answer was 500');
    expect(await store.webhooks.nextEventDue()).toBeNull();
    // Events that happen while it is off are not reported later.
    await queue(store, domain);
    expect(await store.webhooks.nextEventDue()).toBeNull();
  });

  it('that fails is called for none of its events, and other domains do not wait for it', async () => {
    const { store, domain } = await setUp();
    const other = await addDomain(store, 'other.example');
    const silent = await apiServer(() => undefined);
    const api = await apiServer(() => ({}));
    await setWebhook(store, domain, silent.url);
    await setWebhook(store, other, api.url);
    for (let count = 0; count < 20; count++) await queue(store, domain);
    start(store, { deadline: 60_000, stopGrace: 0 });
    await vi.waitUntil(() => silent.taken.length === 2, TIMEOUT);
    await queue(store, other);
    await vi.waitUntil(() => api.taken.length === 1, TIMEOUT);
    expect(silent.taken).toHaveLength(2);
  });

  it('that was replaced does not count against the new one', async () => {
    const { store, domain } = await setUp();
    const broken = await apiServer(() => ({ status: 500 }));
    const api = await apiServer(() => ({}));
    await setWebhook(store, domain, broken.url);
    await queue(store, domain);
    start(store, { gap: () => 3_600_000 });
    await vi.waitUntil(() => broken.taken.length === 1, TIMEOUT);
    await setWebhook(store, domain, api.url);
    await queue(store, domain);
    await vi.waitUntil(() => api.taken.length === 1, TIMEOUT);
    expect(broken.taken).toHaveLength(1);
  });

  it('is called over TLS with a verified certificate, and not at all at a private address', async () => {
    const { store, domain } = await setUp();
    const api = await apiServer(() => ({}), { tls: true });
    const ca = readFileSync((await testCertificates()).ca);
    await setWebhook(store, domain, api.url.replace('127.0.0.1', 'localhost'));
    await queue(store, domain);
    const reasons: string[] = [];
    const observer = { onFailed: (_: unknown, _event: unknown, reason: string) => reasons.push(reason) };
    const guarded = start(store, { ca, allowPrivate: false, observer });
    await vi.waitUntil(() => reasons.length === 1, TIMEOUT);
    await guarded.close();
    const distrustful = start(store, { observer });
    await vi.waitUntil(() => reasons.some((reason) => /certificate/.test(reason)), TIMEOUT);
    await distrustful.close();
    expect(reasons[0]).toMatch(/localhost is not a public host/);
    expect(api.taken).toEqual([]);
    await setWebhook(store, domain, api.url);
    start(store, { ca });
    await vi.waitUntil(() => api.taken.length === 1, TIMEOUT);
  });
});

describe('each call', () => {
  it('that fails is on record with the beginning of the answer, on one line, and the log has none of it', async () => {
    const { store, domain } = await setUp();
    const body = `The queue\r\n is\u001b[31m full. ${'x'.repeat(1000)}`;
    const replies: Reply[] = [
      { status: 500, body },
      { status: 200, body },
    ];
    const api = await apiServer(() => replies.shift() ?? { status: 204 });
    await setWebhook(store, domain, api.url);
    const message = await queue(store, domain);
    const logged: (string | null)[] = [];
    start(store, { observer: { onCalled: ({ problem }) => logged.push(problem) } });
    await expect.poll(() => store.webhooks.nextEventDue(), TIMEOUT).toBeNull();
    const calls = await store.webhookCalls.list({ domainId: domain.id }, { message, limit: 9 });
    const [, words = ''] = /^the answer was 500: (.*)$/.exec(calls[1]?.problem ?? '') ?? [];
    expect(words).toMatch(/^The queue is\ufffd\[31m full\. x+$/);
    expect(words).toHaveLength(200);
    expect(calls[0]?.problem).toBeNull();
    expect(logged).toEqual(['the answer was 500', null]);
  });

  it('is on record with its outcome, and can be made again', async () => {
    const { store, domain } = await setUp();
    const replies: Reply[] = [{ status: 500 }, { status: 204 }, { status: 204 }];
    const api = await apiServer(() => replies.shift() ?? { status: 204 });
    await setWebhook(store, domain, api.url);
    const message = await queue(store, domain);
    start(store);
    await expect.poll(() => store.webhooks.nextEventDue(), TIMEOUT).toBeNull();
    const list = () => store.webhookCalls.list({ domainId: domain.id }, { message, limit: 9 });
    const calls = await list();
    expect(calls).toMatchObject([
      { name: 'email.queued', message, outcome: 'delivered', status: 204, problem: null },
      { name: 'email.queued', message, outcome: 'failed', status: 500, problem: 'the answer was 500' },
    ]);
    expect(calls.every(({ at, duration }) => at > 1.7e12 && duration >= 0)).toBe(true);
    await store.webhookCalls.redeliver('all', calls[0]?.call ?? 0);
    await expect.poll(async () => (await list()).length, TIMEOUT).toBe(3);
    expect(api.taken).toHaveLength(3);
  });

  it('that a person asks for is made at once, although the endpoint is left alone for an hour', async () => {
    const { store, domain } = await setUp();
    const api = await apiServer(() => ({ status: 500 }));
    await setWebhook(store, domain, api.url);
    const message = await queue(store, domain);
    start(store, { gap: () => 3_600_000 });
    const list = () => store.webhookCalls.list({ domainId: domain.id }, { message, limit: 9 });
    await expect.poll(async () => (await list()).length, TIMEOUT).toBe(1);
    await expect.poll(() => store.webhooks.nextEventDue(), TIMEOUT).toBeGreaterThan(Date.now() + 3_000_000);
    await store.webhookCalls.test('all', message, 'email.bounced', Date.now());
    await expect.poll(async () => (await list()).length, TIMEOUT).toBe(2);
    const [call] = await list();
    expect(call).toMatchObject({ name: 'email.bounced', outcome: 'failed', status: 500 });
    await store.webhookCalls.redeliver('all', call?.call ?? 0);
    await expect.poll(async () => (await list()).length, TIMEOUT).toBe(3);
    // Each waits for its next try as any other, and the event that failed first was not tried again.
    await expect.poll(() => store.webhooks.nextEventDue(), TIMEOUT).toBeGreaterThan(Date.now() + 3_000_000);
    expect(api.taken).toHaveLength(3);
  });
});

describe('close', () => {
  it('waits for events under way and then ends them; the others are reported after the next start', async () => {
    const { store, domain } = await setUp();
    let finish: (() => void) | undefined;
    const api = await apiServer((_, response) => {
      finish = () => response.end();
      return undefined;
    });
    await setWebhook(store, domain, api.url);
    await queue(store, domain);
    const first = start(store, { stopGrace: 20_000 });
    await vi.waitUntil(() => api.taken.length === 1, TIMEOUT);
    const closed = first.close();
    finish?.();
    await closed;
    expect(await store.webhooks.nextEventDue()).toBeNull();

    await queue(store, domain);
    const second = start(store, { stopGrace: 0 });
    await vi.waitUntil(() => api.taken.length === 2, TIMEOUT);
    await second.close();
    // The due time is the end of its lease: nothing counts against the endpoint.
    expect(await store.webhooks.nextEventDue()).toBeGreaterThan(Date.now());
    const later = Date.now() + 200_000;
    start(store, { now: () => later, stopGrace: 0 });
    await vi.waitUntil(() => api.taken.length === 3, TIMEOUT);
    expect(api.taken[2]?.headers['webhook-id']).toBe(api.taken[1]?.headers['webhook-id']);
  });

  it('goes on after a failure of the store, which it logs once', async () => {
    const { store, domain } = await setUp();
    const api = await apiServer(() => ({}));
    await setWebhook(store, domain, api.url);
    await queue(store, domain);
    const errors: unknown[] = [];
    let failing = true;
    const flaky = {
      webhooks: {
        ...store.webhooks,
        leaseEvents: (request: Parameters<Store['webhooks']['leaseEvents']>[0]) =>
          failing ? Promise.reject(new Error('gone')) : store.webhooks.leaseEvents(request),
      },
      webhookCalls: store.webhookCalls,
      message: (id: number) => store.message(id),
      content: (id: number) => store.content(id),
    };
    const options = { allowPrivate: true, poll: 10, failureGap: 10 };
    const webhooks = startWebhooks(flaky, {
      ...options,
      observer: { onError: (error) => errors.push(error) },
    });
    onTestFinished(() => webhooks.close());
    await vi.waitUntil(() => errors.length > 0, TIMEOUT);
    failing = false;
    await vi.waitUntil(() => api.taken.length === 1, TIMEOUT);
    expect(errors).toHaveLength(1);
  });
});

describe('a message whose content the store does not give out', () => {
  it('is reported without its text, once', async () => {
    const { store, domain } = await setUp();
    const api = await apiServer(() => ({ status: 204 }));
    await setWebhook(store, domain, api.url);
    const id = await queue(store, domain);
    const errors: unknown[] = [];
    const damaged = {
      webhooks: store.webhooks,
      webhookCalls: store.webhookCalls,
      message: (message: number) => store.message(message),
      content: (): AsyncIterable<Uint8Array> => ({
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(new StoreError('failed', 'EIO: i/o error, read')),
        }),
      }),
    };
    const webhooks = startWebhooks(damaged, {
      allowPrivate: true,
      poll: 10,
      observer: { onError: (error) => errors.push(error) },
    });
    onTestFinished(() => webhooks.close());
    await vi.waitUntil(() => api.taken.length === 1, TIMEOUT);
    await expect.poll(() => store.webhooks.nextEventDue(), TIMEOUT).toBeNull();
    expect(api.taken[0]?.body).toMatchObject({
      payload: {
        id,
        subject: 'Hello',
        textbody: null,
        bodies_omitted: 'the server could not read the content of the message',
      },
    });
    expect(api.taken).toHaveLength(1);
    expect(errors).toEqual([]);
  });
});

describe('a webhook of one domain that answers slowly', () => {
  it('does not hold up the events of another domain', async () => {
    const store = await runningStore(await scratch());
    const [slowDomain, quickDomain] = [
      await addDomain(store, 'slow.example'),
      await addDomain(store, 'quick.example'),
    ];
    // It never answers, so no endpoint could be slower.
    const slow = await apiServer(() => undefined);
    const quick = await apiServer(() => ({ status: 204 }));
    await setWebhook(store, slowDomain, slow.url);
    await setWebhook(store, quickDomain, quick.url);
    // More events than are ever leased at one time.
    await Promise.all(Array.from({ length: 1_100 }, () => queue(store, slowDomain)));
    const webhooks = start(store, { deadline: 10_000, stopGrace: 0 });
    await expect.poll(() => slow.taken.length, TIMEOUT).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await Promise.all(Array.from({ length: 100 }, () => queue(store, quickDomain)));
    await expect.poll(() => quick.taken.length, { timeout: 8_000, interval: 10 }).toBe(100);
    expect(slow.taken).toHaveLength(2);
    await webhooks.close();
  });
});

/** Starts to report events, of which the store says that the server died with them so often. */
function startAfterCrashes(
  store: Store,
  crashesOf: (message: number) => WebhookEvent['crashes'],
  options: WebhookOptions = {},
): number[] {
  const dropped: number[] = [];
  const { webhooks } = store;
  const started = startWebhooks(
    {
      webhooks: {
        ...webhooks,
        leaseEvents: async (request) =>
          (await webhooks.leaseEvents(request)).map((event) => ({
            ...event,
            crashes: crashesOf(event.message),
          })),
      },
      webhookCalls: store.webhookCalls,
      message: (id: number) => store.message(id),
      content: (id: number) => store.content(id),
    },
    {
      allowPrivate: true,
      poll: 10,
      stopGrace: 0,
      observer: { onCrashes: (_, { message }) => dropped.push(message) },
      ...options,
    },
  );
  onTestFinished(() => started.close());
  return dropped;
}

describe('events that were under way when the server died', () => {
  const messagesOf = (receiver: ApiServer) =>
    receiver.taken.map(({ body }) => (body['payload'] as { id: number }).id);

  it('are dropped after three crashes, the last one alone, or after nine in company', async () => {
    const { store, domain } = await setUp();
    const receiver = await apiServer(() => ({ status: 204 }));
    await setWebhook(store, domain, receiver.url);
    const crashes = [
      { count: 3, alone: true },
      { count: 9, alone: false },
      { count: 8, alone: false },
      { count: 3, alone: false },
      { count: 2, alone: true },
      null,
    ];
    const ids: number[] = [];
    for (let count = 0; count < crashes.length; count++) ids.push(await queue(store, domain));
    const dropped = startAfterCrashes(store, (message) => crashes[ids.indexOf(message)] ?? null);
    await expect.poll(() => store.webhooks.nextEventDue(), TIMEOUT).toBeNull();
    expect(dropped).toEqual(ids.slice(0, 2));
    expect(messagesOf(receiver).sort()).toEqual(ids.slice(2).sort());
  });

  it('wait until the server has lived without them, and hold up no others meanwhile', async () => {
    const { store, domain } = await setUp();
    const receiver = await apiServer(() => ({ status: 204 }));
    await setWebhook(store, domain, receiver.url);
    const [suspect, other] = [await queue(store, domain), await queue(store, domain)];
    let ahead = 0;
    startAfterCrashes(store, (message) => (message === suspect ? { count: 1, alone: true } : null), {
      now: () => Date.now() + ahead,
    });
    await expect.poll(() => messagesOf(receiver), TIMEOUT).toEqual([other]);
    const later = await queue(store, domain);
    await expect.poll(() => messagesOf(receiver), TIMEOUT).toEqual([other, later]);
    ahead = DELIVERY.suspectQuiet.initial;
    await expect.poll(() => messagesOf(receiver), TIMEOUT).toEqual([other, later, suspect]);
  });

  it('are reported alone if one more crash would give them up, but hold up others not for long', async () => {
    const { store, domain } = await setUp();
    const otherDomain = await addDomain(store, 'other.example');
    const silent = await apiServer(() => undefined);
    const receiver = await apiServer(() => ({ status: 204 }));
    await setWebhook(store, domain, silent.url);
    await setWebhook(store, otherDomain, receiver.url);
    const suspect = await queue(store, domain);
    const other = await queue(store, otherDomain);
    let ahead = 0;
    startAfterCrashes(store, (message) => (message === suspect ? { count: 2, alone: true } : null), {
      now: () => Date.now() + ahead,
    });
    await expect.poll(() => messagesOf(silent), TIMEOUT).toEqual([suspect]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(messagesOf(receiver)).toEqual([]);
    ahead = DELIVERY.suspectTrial.initial;
    await expect.poll(() => messagesOf(receiver), TIMEOUT).toEqual([other]);
  });
});

describe('an event', () => {
  it('is reported soon after the clock was put back, with the endpoint left alone no longer', async () => {
    const { store, domain } = await setUp();
    let ahead = 30 * 24 * 3_600_000;
    const receiver = await apiServer(() => ({ status: ahead > 0 ? 500 : 204 }));
    await setWebhook(store, domain, receiver.url);
    await queue(store, domain);
    const failed = vi.fn();
    const capped: number[] = [];
    start(store, {
      now: () => Date.now() + ahead,
      gap: () => 20_000,
      observer: { onFailed: failed, onCapped: (events) => capped.push(events) },
    });
    await expect.poll(() => failed.mock.calls.length, TIMEOUT).toBe(1);
    await expect.poll(() => store.webhooks.nextEventDue(), TIMEOUT).toBeGreaterThan(Date.now() + ahead);
    ahead = 0;
    await expect.poll(() => store.webhooks.nextEventDue(), TIMEOUT).toBeNull();
    expect(receiver.taken).toHaveLength(2);
    expect(capped).toEqual([1]);
  });
});
