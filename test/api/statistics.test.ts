// Tags and statistics, within the scope.
import type { LightMyRequestResponse } from 'fastify';
import { describe, expect, it } from 'vitest';
import type { StatisticsBody, TagStatisticsBody } from '../../src/api/schemas/statistics.js';
import { OTHER_TOKEN, ApiHarness, TOKEN } from './api-harness.js';

function get(harness: ApiHarness, url: string, token = TOKEN): Promise<LightMyRequestResponse> {
  return harness.api.app.inject({ url, headers: { host: 'mx.example', 'mailpace-server-token': token } });
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

describe('GET /api/v1/tags', () => {
  it('lists tags by name, page by page, within the scope', async () => {
    const harness = await ApiHarness.start();
    await send(harness, { tags: ['b', 'a'] });
    await send(harness, { tags: ['a', 'c'] });
    const first = (await get(harness, '/api/v1/tags?limit=2')).json<{ tags: object[]; next: string }>();
    expect(first).toMatchObject({
      tags: [
        { tag: 'a', messages: 2 },
        { tag: 'b', messages: 1 },
      ],
      next: 'b',
    });
    expect((await get(harness, '/api/v1/tags?limit=2&after=b')).json()).toMatchObject({
      tags: [{ tag: 'c' }],
      next: null,
    });
    expect((await get(harness, '/api/v1/tags?prefix=b')).json()).toMatchObject({ tags: [{ tag: 'b' }] });
    for (const query of ['', '?domain=example.com', '?prefix=a']) {
      expect((await get(harness, `/api/v1/tags${query}`, OTHER_TOKEN)).json()).toEqual({
        tags: [],
        next: null,
      });
    }
  });
});

describe('GET /api/v1/statistics', () => {
  it('counts what was taken in and what ended, by domain and tag', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness, { tags: ['bill'], to: 'a@example.net, b@example.net' });
    await send(harness);
    await harness.store.mail.operate('all', {
      operation: 'cancel',
      selection: { ids: [id] },
      now: Date.now(),
    });
    const ask = async (query: string, token = TOKEN): Promise<StatisticsBody> =>
      (await get(harness, `/api/v1/statistics${query}`, token)).json();
    const { total, points } = await ask('');
    expect(total).toMatchObject({
      accepted: 2,
      recipients: 3,
      cancelled: 2,
      delivered: 0,
      deliveryRate: null,
    });
    expect(total.timeToDelivery).toEqual({ p50: null, p95: null });
    expect(points).toHaveLength(1);
    expect((await ask('?by=hour&since=1d&tag=bill')).total).toMatchObject({ accepted: 1, recipients: 2 });
    expect((await ask('?domain=example.com', OTHER_TOKEN)).total).toMatchObject({ accepted: 0 });
    expect((await ask('', OTHER_TOKEN)).points).toEqual([]);
  });

  it('refuses spans that are too long, end before they begin, or cannot be read', async () => {
    const harness = await ApiHarness.start();
    for (const [query, field] of [
      ['since=2000-01-01', 'since'],
      ['by=hour&since=60d', 'since'],
      ['since=2026-11-02&until=2026-11-01', 'until'],
      ['since=yesterday', 'since'],
      ['by=week', 'by'],
      ['colour=red', 'colour'],
    ] as const) {
      const response = await get(harness, `/api/v1/statistics?${query}`);
      const { errors } = response.json<{ errors?: object }>();
      expect([query, response.statusCode, Object.keys(errors ?? {})]).toEqual([query, 400, [field]]);
    }
    expect(harness.failures).toEqual([]);
  });
});

describe('GET /api/v1/statistics/tags', () => {
  it('counts tag by tag, page by page, within the scope', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness, { tags: ['bill', 'all'], to: 'a@example.net, b@example.net' });
    await send(harness, { tags: ['all'] });
    await harness.store.mail.operate('all', {
      operation: 'cancel',
      selection: { ids: [id] },
      now: Date.now(),
    });
    const first = (
      await get(harness, '/api/v1/statistics/tags?limit=1&by=hour&since=1h')
    ).json<TagStatisticsBody>();
    expect(first).toMatchObject({
      tags: [{ tag: 'all', accepted: 2, recipients: 3, cancelled: 2 }],
      next: 'all',
    });
    const second = (
      await get(harness, '/api/v1/statistics/tags?limit=1&after=all')
    ).json<TagStatisticsBody>();
    expect(second).toMatchObject({ tags: [{ tag: 'bill', accepted: 1, recipients: 2 }], next: null });
    const before = await get(harness, '/api/v1/statistics/tags?since=2020-01-01&until=2020-02-01');
    expect(before.json<TagStatisticsBody>().tags.map(({ accepted }) => accepted)).toEqual([0, 0]);
    const other = await get(harness, '/api/v1/statistics/tags', OTHER_TOKEN);
    expect(other.json<TagStatisticsBody>().tags).toEqual([]);
    expect((await get(harness, '/api/v1/statistics/tags?tag=all')).statusCode).toBe(400);
    expect((await get(harness, '/api/v1/statistics/tags?since=2000-01-01')).statusCode).toBe(400);
  });

  it('returns what it has when its time is over, and goes on with the next page', async () => {
    const harness = await ApiHarness.start({ limits: { listTime: -1 } });
    await send(harness, { tags: ['a', 'b'] });
    const first = (await get(harness, '/api/v1/statistics/tags')).json<TagStatisticsBody>();
    expect([first.tags.map(({ tag }) => tag), first.next]).toEqual([['a'], 'a']);
  });
});
