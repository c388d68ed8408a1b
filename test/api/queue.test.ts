// Lists the messages that wait, within the scope of the caller.
import type { LightMyRequestResponse } from 'fastify';
import { expect, it } from 'vitest';
import { queuePage, type QueuePage } from '../../src/api/schemas/queue.js';
import { OTHER_TOKEN, ApiHarness, TOKEN } from './api-harness.js';

function get(harness: ApiHarness, query = '', token = TOKEN): Promise<LightMyRequestResponse> {
  const headers = { host: 'mx.example', 'mailpace-server-token': token };
  return harness.api.app.inject({ url: `/api/v1/queue${query}`, headers });
}

async function send(
  harness: ApiHarness,
  to: string,
  token = TOKEN,
  from = 'app@example.com',
): Promise<number> {
  const body = { from, to, subject: 'x', textbody: 'x' };
  const response = await harness.send(body, { 'mailpace-server-token': token });
  return response.json<{ id: number }>().id;
}

it('lists what waits by pages, oldest first, with the totals of the domain', async () => {
  const harness = await ApiHarness.start({}, { status: 'queued' });
  const ids = [await send(harness, 'a@example.net'), await send(harness, 'b@example.net, c@example.net')];
  await send(harness, 'd@example.net', OTHER_TOKEN, 'app@other.example');
  const first = (await get(harness, '?limit=1')).json<QueuePage>();
  expect(queuePage.parse(first)).toEqual(first);
  expect(first).toMatchObject({
    messages: { queued: 2, held: 0 },
    waiting: [
      { id: ids[0], domain: 'example.com', to: 'a@example.net', status: 'queued', attempts: 0, reply: null },
    ],
    next: String(ids[0]),
  });
  expect(first.oldest).toBe(first.waiting[0]?.receivedAt);
  const second = (await get(harness, `?limit=1&after=${first.next ?? ''}`)).json<QueuePage>();
  expect(second.waiting.map(({ to }) => to)).toEqual(['b@example.net', 'c@example.net']);
  const third = (await get(harness, `?limit=1&after=${second.next ?? ''}`)).json<QueuePage>();
  expect([third.waiting, third.next]).toEqual([[], null]);
});

it('says what the last attempt came to and when the next one is', async () => {
  const harness = await ApiHarness.start({}, { status: 'queued' });
  await send(harness, 'a@example.net');
  const now = Date.now();
  const [lease] = await harness.store.queue.lease({ now, until: now + 60_000, limit: 1, perDomain: 1 });
  if (lease === undefined) throw new Error('nothing was leased');
  const attempt = {
    at: now,
    outcome: 'deferred',
    remoteHost: 'mx.example.net',
    reply: '451 Later',
    tls: null,
  } as const;
  const outcome = { position: 0, attempt, nextAttemptAt: now + 90_000, report: null, block: false };
  await harness.store.queue.settle(lease, [outcome], true);
  const { waiting } = (await get(harness)).json<QueuePage>();
  expect(waiting).toMatchObject([
    { status: 'deferred', attempts: 1, remoteHost: 'mx.example.net', reply: '451 Later', underWay: false },
  ]);
});

it('shows a domain its own queue only', async () => {
  const harness = await ApiHarness.start({}, { status: 'queued' });
  await send(harness, 'a@example.net');
  const other = (await get(harness, '', OTHER_TOKEN)).json<QueuePage>();
  expect([other.waiting, other.oldest, other.messages.queued]).toEqual([[], null, 0]);
  expect((await get(harness, '?domain=example.com', OTHER_TOKEN)).statusCode).toBe(404);
  expect((await get(harness, '?domain=none.example', OTHER_TOKEN)).statusCode).toBe(404);
  expect((await get(harness, '?order=newest')).statusCode).toBe(400);
});
