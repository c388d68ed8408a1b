// The list of messages: filters, cursors, the scope and the long poll.
import { gunzipSync } from 'node:zlib';
import type { LightMyRequestResponse } from 'fastify';
import { describe, expect, it } from 'vitest';
import type { MessagePage } from '../../src/api/schemas/messages.js';
import { accept, newMessage } from '../store/fixtures.js';
import { OTHER_TOKEN, ApiHarness, TOKEN } from './api-harness.js';

const HEADERS = { host: 'mx.example', 'mailpace-server-token': TOKEN };

function get(harness: ApiHarness, url: string, token = TOKEN): Promise<LightMyRequestResponse> {
  return harness.api.app.inject({ url, headers: { ...HEADERS, 'mailpace-server-token': token } });
}

async function list(harness: ApiHarness, query = '', token = TOKEN): Promise<MessagePage> {
  const response = await get(harness, `/api/v1/messages${query}`, token);
  expect([query, response.statusCode, response.body.slice(0, 300)]).toEqual([query, 200, expect.anything()]);
  return response.json();
}

async function send(harness: ApiHarness, fields: object = {}): Promise<number> {
  const message = {
    from: 'app@example.com',
    to: 'you@example.net',
    subject: 'Hello',
    textbody: 'x',
    ...fields,
  };
  return (await harness.send(message)).json<{ id: number }>().id;
}

describe('GET /api/v1/messages', () => {
  it('lists newest first, with all that a list shows', async () => {
    const harness = await ApiHarness.start();
    const first = await send(harness, { tags: ['welcome'] });
    const second = await send(harness, { to: 'a@example.net, b@example.net', subject: 'Second' });
    const { messages, next } = await list(harness);
    expect(messages.map(({ id }) => id)).toEqual([second, first]);
    expect(next).toBeNull();
    expect(messages[0]).toMatchObject({
      to: ['a@example.net', 'b@example.net'],
      recipients: 2,
      subject: 'Second',
    });
    expect(messages[1]).toMatchObject({
      domain: 'example.com',
      status: 'held',
      from: 'app@example.com',
      tags: ['welcome'],
      listUnsubscribe: null,
      tls: null,
    });
    expect(Date.parse(messages[1]?.receivedAt ?? '')).toBeGreaterThan(Date.now() - 60_000);
  });

  it('compresses a long list for clients that take gzip', async () => {
    const harness = await ApiHarness.start();
    for (let sent = 0; sent < 8; sent++) await send(harness);
    const plain = await get(harness, '/api/v1/messages');
    const asked = async (coding: string) => {
      const headers = { ...HEADERS, 'accept-encoding': coding };
      return harness.api.app.inject({ url: '/api/v1/messages', headers });
    };
    for (const coding of ['gzip', 'deflate, GZIP;q=0.5, br']) {
      const { headers, rawPayload } = await asked(coding);
      expect([coding, headers['content-encoding'], headers.vary]).toEqual([
        coding,
        'gzip',
        'accept-encoding',
      ]);
      expect(headers['content-length']).toBe(String(rawPayload.length));
      expect(rawPayload.length).toBeLessThan(plain.rawPayload.length / 2);
      expect(gunzipSync(rawPayload).toString()).toBe(plain.body);
    }
    for (const coding of ['identity', 'br', 'gzip;q=0', 'gzip; q=0.0', 'x-gzipped']) {
      const { headers, body } = await asked(coding);
      expect([coding, headers['content-encoding'], body]).toEqual([coding, undefined, plain.body]);
    }
    const short = await harness.api.app.inject({
      url: '/api/v1/messages?limit=1',
      headers: { ...HEADERS, 'accept-encoding': 'gzip' },
    });
    expect(short.headers['content-encoding']).toBeUndefined();
    expect(short.headers.vary).toBe('accept-encoding');
  });

  it('filters by each of its parameters', async () => {
    const harness = await ApiHarness.start();
    const a = await send(harness, { subject: 'Invoice 17', tags: ['bill', 'paper'], to: 'anna@example.net' });
    const b = await send(harness, { subject: 'Reset your password', tags: ['bill'], to: 'bob@example.org' });
    const ids = async (query: string): Promise<number[]> =>
      (await list(harness, query)).messages.map(({ id }) => id);
    expect(await ids('?tag=bill')).toEqual([b, a]);
    expect(await ids('?tag=bill&tag=paper')).toEqual([a]);
    expect(await ids('?status=held&status=queued')).toEqual([b, a]);
    expect(await ids('?status=bounced')).toEqual([]);
    expect(await ids('?to=anna')).toEqual([a]);
    expect(await ids('?from=app@example.com')).toEqual([b, a]);
    expect(await ids('?subject=password')).toEqual([b]);
    expect(await ids('?since=1h')).toEqual([b, a]);
    expect(await ids('?until=1h')).toEqual([]);
    expect(await ids('?domain=example.com')).toEqual([b, a]);
    expect(await ids('?domain=other.example')).toEqual([]);
    expect(await ids(`?after=${a}`)).toEqual([b]);
    expect(await ids(`?search=${encodeURIComponent('-tag:paper is:held')}`)).toEqual([b]);
    expect(await ids(`?search=${encodeURIComponent('"invoice 17"')}`)).toEqual([a]);
  });

  it('leaves notifications out, or lists them alone', async () => {
    const harness = await ApiHarness.start();
    const sent = await send(harness);
    const domainId = (await harness.store.domains())[0]?.id ?? 0;
    const report = await accept(harness.store, newMessage(domainId, { reversePath: '' }));
    const ids = async (query: string): Promise<number[]> =>
      (await list(harness, query)).messages.map(({ id }) => id).sort();
    expect(await ids('')).toEqual([sent, report].sort());
    expect(await ids('?notifications=none')).toEqual([sent]);
    expect(await ids('?notifications=only')).toEqual([report]);
  });

  it('walks all pages by cursors that it refuses in any other list', async () => {
    const harness = await ApiHarness.start();
    const sent: number[] = [];
    for (let count = 0; count < 5; count++) sent.unshift(await send(harness));
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const page = await list(harness, `?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.messages.map(({ id }) => id));
      cursor = page.next;
      if (cursor !== null) {
        expect((await get(harness, `/api/v1/messages?limit=2&tag=x&cursor=${cursor}`)).json()).toMatchObject({
          code: 'invalid_cursor',
        });
        // A cursor of one domain shows another one nothing of it.
        expect((await list(harness, `?limit=2&cursor=${cursor}`, OTHER_TOKEN)).messages).toEqual([]);
      }
    } while (cursor !== null);
    expect(seen).toEqual(sent);
    for (const wrong of ['x', '1', 'A'.repeat(19), '_'.repeat(19), '%00', 'é']) {
      const response = await get(harness, `/api/v1/messages?cursor=${wrong}`);
      expect([wrong, response.statusCode, response.json<{ code: string }>().code]).toEqual([
        wrong,
        400,
        'invalid_cursor',
      ]);
    }
  });

  it('shows a domain nothing of another one', async () => {
    const harness = await ApiHarness.start();
    await send(harness);
    expect(await list(harness, '', OTHER_TOKEN)).toEqual({ messages: [], next: null, latest: null });
    expect(await list(harness, '?domain=example.com', OTHER_TOKEN)).toEqual({
      messages: [],
      next: null,
      latest: null,
    });
    expect(await list(harness, '?search=hello', OTHER_TOKEN)).toEqual({
      messages: [],
      next: null,
      latest: null,
    });
  });

  it('refuses parameters that are unknown or wrong, by their names', async () => {
    const harness = await ApiHarness.start();
    for (const [query, field] of [
      ['colour=red', 'colour'],
      ['limit=0', 'limit'],
      ['limit=201', 'limit'],
      ['limit=ten', 'limit'],
      ['status=lost', 'status.0'],
      ['since=yesterday', 'since'],
      ['until=2026-02-31', 'until'],
      ['after=0', 'after'],
      ['wait=5', 'wait'],
      ['wait=61s', 'wait'],
      ['from=', 'from'],
      ['from=a&from=b', 'from'],
      ['__proto__=1', '__proto__'],
      [`search=${'x'.repeat(1001)}`, 'search'],
    ] as const) {
      const response = await get(harness, `/api/v1/messages?${query}`);
      const { errors } = response.json<{ errors?: object }>();
      expect([query, response.statusCode, Object.keys(errors ?? {})]).toEqual([query, 400, [field]]);
    }
    const response = await get(harness, '/api/v1/messages?search=a%20is:lost');
    expect(response.json()).toMatchObject({ code: 'invalid_search', at: { start: 2, length: 7 } });
    expect(harness.failures).toEqual([]);
  });
});

describe('wait=', () => {
  it('answers as soon as a message matches, and not for one that does not', async () => {
    const harness = await ApiHarness.start();
    const waiting = list(harness, '?to=anna&wait=30s');
    let answered = false;
    void waiting.then(() => (answered = true));
    await send(harness, { to: 'bob@example.net' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(answered).toBe(false);
    const id = await send(harness, { to: 'anna@example.net' });
    expect((await waiting).messages.map((message) => message.id)).toEqual([id]);
    // Messages that are there already are not waited for.
    expect((await list(harness, '?to=anna&wait=30s')).messages).toHaveLength(1);
  });

  it('shows a poller an upload that began before, and ended after, what it has seen already', async () => {
    const harness = await ApiHarness.start();
    const slow = harness.store.open();
    void slow.write(Buffer.from('Subject: slow\r\n\r\n'));
    const seen = await send(harness);
    expect(seen).toBeGreaterThan(slow.id);
    const { latest } = await list(harness);
    expect(latest).toBe(seen);
    const waiting = list(harness, `?after=${latest}&wait=30s`);
    void slow.write(Buffer.from('body\r\n'));
    await slow.commit(newMessage(harness.domain.id));
    const found = await waiting;
    expect([found.messages.map(({ id }) => id), found.latest]).toEqual([[slow.id], slow.id]);
    // The poller goes on, and does not get it again.
    expect((await list(harness, `?after=${found.latest}&wait=50ms`)).messages).toEqual([]);
    expect(await list(harness, `?after=${seen}`, OTHER_TOKEN)).toMatchObject({ messages: [], latest: seen });
  });

  it('answers with an empty page when the time is over', async () => {
    const harness = await ApiHarness.start();
    expect(await list(harness, '?wait=50ms')).toEqual({ messages: [], next: null, latest: null });
  });

  it('bounds how many requests of one domain wait, and ends them all at a stop', async () => {
    const harness = await ApiHarness.start({ limits: { waits: 8 } });
    const waiting = [list(harness, '?wait=30s'), list(harness, '?wait=30s')];
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await get(harness, '/api/v1/messages?wait=30s')).statusCode).toBe(429);
    const other = list(harness, '?wait=30s', OTHER_TOKEN);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await harness.api.close(100);
    for (const page of await Promise.all([...waiting, other])) expect(page.messages).toEqual([]);
  });
});
