// Tests the operations on messages, one by one and in bulk, within the scope.
import type { LightMyRequestResponse } from 'fastify';
import { describe, expect, it } from 'vitest';
import { OTHER_TOKEN, ApiHarness, TOKEN } from './api-harness.js';
import { LocalRates } from '../../src/store/local-rates.js';

function post(
  harness: ApiHarness,
  url: string,
  body?: unknown,
  token = TOKEN,
): Promise<LightMyRequestResponse> {
  return harness.api.app.inject({
    method: 'POST',
    url: `/api/v1/messages/${url}`,
    headers: {
      host: 'mx.example',
      'mailpace-server-token': token,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
}

function remove(harness: ApiHarness, id: number, token = TOKEN): Promise<LightMyRequestResponse> {
  const headers = { host: 'mx.example', 'mailpace-server-token': token };
  return harness.api.app.inject({ method: 'DELETE', url: `/api/v1/messages/${id}`, headers });
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

describe('an operation on one message', () => {
  it('does it once, and says why it does nothing the next time', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness);
    expect((await post(harness, `${id}/retry`)).json()).toMatchObject({ code: 'conflict' });
    expect((await post(harness, `${id}/release`)).statusCode).toBe(204);
    expect((await harness.message(id)).status).toBe('queued');
    expect((await post(harness, `${id}/release`)).json()).toEqual({
      error: 'The message is not held',
      code: 'conflict',
    });
    expect((await post(harness, `${id}/retry`)).statusCode).toBe(204);
    expect((await remove(harness, id)).statusCode).toBe(409);
    expect((await post(harness, `${id}/cancel`)).statusCode).toBe(204);
    expect((await harness.message(id)).status).toBe('cancelled');
    expect((await remove(harness, id)).statusCode).toBe(204);
    expect(await harness.store.message(id)).toBeNull();
    expect((await remove(harness, id)).statusCode).toBe(404);
  });

  it('sends a copy with the same octets, whatever became of the first', async () => {
    const harness = await ApiHarness.start({}, { status: 'queued' });
    const id = await send(harness, { tags: ['welcome'], to: 'a@example.net, b@example.net' });
    const copy = (await post(harness, `${id}/resend`)).json<{ id: number }>().id;
    expect(copy).toBeGreaterThan(id);
    expect(await harness.raw(copy)).toBe(await harness.raw(id));
    const message = await harness.message(copy);
    expect(message).toMatchObject({
      status: 'queued',
      tags: ['welcome'],
      to: ['a@example.net', 'b@example.net'],
    });
  });

  it('treats a message of another domain as absent, and leaves it alone', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness);
    const before = JSON.stringify(await harness.message(id));
    for (const operation of ['retry', 'cancel', 'release', 'resend']) {
      const foreign = await post(harness, `${id}/${operation}`, undefined, OTHER_TOKEN);
      expect([operation, foreign.statusCode]).toEqual([operation, 404]);
    }
    expect((await remove(harness, id, OTHER_TOKEN)).statusCode).toBe(404);
    expect(JSON.stringify(await harness.message(id))).toBe(before);
    expect(await harness.count()).toBe(1);
  });
});

describe('sending again', () => {
  const block = async (harness: ApiHarness, address: string): Promise<void> => {
    const answer = await harness.api.app.inject({
      method: 'POST',
      url: '/api/v1/domains/example.com/block-list',
      headers: { host: 'mx.example', 'mailpace-server-token': TOKEN },
      payload: { entries: [{ address, verdict: 'blocked', reason: 'it bounced' }] },
    });
    expect(answer.json()).toEqual({ changed: 1 });
  };

  it('is refused for a blocked recipient, as a new message is', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness, { to: 'a@example.net, b@example.net' });
    await block(harness, 'b@example.net');
    const refused = await post(harness, `${id}/resend`);
    expect([refused.statusCode, refused.json()]).toEqual([
      422,
      {
        error: expect.stringMatching(
          /^b@example\.net is on the block list of example\.com since .*: it bounced$/,
        ),
        code: 'refused',
      },
    ]);
    expect(await harness.count()).toBe(1);
  });

  it.each([{ messagesPerMinute: 2 }, { recipientsPerMinute: 2 }])('counts towards %j', async (rates) => {
    const harness = await ApiHarness.start({}, { rates });
    const id = await send(harness);
    expect((await post(harness, `${id}/resend`)).statusCode).toBe(200);
    const third = await post(harness, `${id}/resend`);
    expect([third.statusCode, third.json<{ code: string }>().code]).toEqual([429, 'sending_too_quickly']);
    expect(await harness.count()).toBe(2);
  });

  it('is refused if the content or the domain is gone', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness);
    await harness.store.mail.operate('all', { operation: 'cancel', selection: { ids: [id] }, now: 1 });
    const later = Date.now() + 1000;
    await harness.store.retention.removeOld({ now: later, contentBefore: later, messagesBefore: null });
    expect((await post(harness, `${id}/resend`)).statusCode).toBe(410);
  });

  it('does so to several messages by their ids, and lists those that it does not send', async () => {
    const harness = await ApiHarness.start();
    const [a, b, c] = [
      await send(harness),
      await send(harness, { to: 'no@example.net' }),
      await send(harness),
    ];
    await block(harness, 'no@example.net');
    const answer = (await post(harness, 'resend', { ids: [a, b, 17, c] })).json<{
      copies: { of: number; id: number }[];
    }>();
    expect(answer).toEqual({
      copies: [
        { of: a, id: expect.any(Number) },
        { of: c, id: expect.any(Number) },
      ],
      refused: [
        { id: b, error: expect.stringContaining('no@example.net is on the block list'), code: 'refused' },
        { id: 17, error: 'There is no such thing', code: 'not_found' },
      ],
      next: null,
    });
    expect(await harness.raw(answer.copies[1]?.id ?? 0)).toBe(await harness.raw(c));
    const foreign = await post(harness, 'resend', { ids: [a] }, OTHER_TOKEN);
    expect(foreign.json()).toMatchObject({ copies: [], refused: [{ id: a, code: 'not_found' }] });
  });

  it('takes a filter, and does not send its own copies again', async () => {
    const harness = await ApiHarness.start();
    const ids = [
      await send(harness, { tags: ['bill'] }),
      await send(harness),
      await send(harness, { tags: ['bill'] }),
    ];
    const body = { filter: { tag: ['bill'] } };
    expect((await post(harness, 'resend', body, OTHER_TOKEN)).json()).toEqual({
      copies: [],
      refused: [],
      next: null,
    });
    const { copies } = (await post(harness, 'resend', body)).json<{ copies: { of: number }[] }>();
    expect(copies.map(({ of }) => of)).toEqual([ids[2], ids[0]]);
    expect(await harness.count()).toBe(5);
  });

  it.each(['ids', 'filter'])('stops at the rate of the domain, and goes on from there: by %s', async (by) => {
    let time = 0;
    const harness = await ApiHarness.start({}, { rates: { messagesPerMinute: 5 } });
    Object.assign(harness.store, { rates: new LocalRates(() => time) });
    const ids = [await send(harness), await send(harness), await send(harness)];
    const selected = by === 'ids' ? { ids } : { filter: {} };
    interface Answer {
      copies: { of: number }[];
      next: string | null;
    }
    const first = (await post(harness, 'resend', selected)).json<Answer>();
    expect(first.copies).toHaveLength(2);
    expect(first.next).not.toBeNull();
    const body = { ...selected, cursor: first.next };
    expect((await post(harness, 'resend', body)).statusCode).toBe(429);
    time += 60_000;
    const second = (await post(harness, 'resend', body)).json<Answer>();
    expect(second.next).toBeNull();
    expect([...first.copies, ...second.copies].map(({ of }) => of).sort()).toEqual(ids);
    expect((await post(harness, 'cancel', body)).json()).toMatchObject({ code: 'invalid_cursor' });
  });
});

describe('a bulk change', () => {
  it('takes ids, and passes over those that are not there or of another domain', async () => {
    const harness = await ApiHarness.start();
    const ids = [await send(harness), await send(harness)];
    const foreign = await post(harness, 'cancel', { ids }, OTHER_TOKEN);
    expect(foreign.json()).toEqual({ changed: 0, unchanged: 0, next: null });
    expect((await post(harness, 'cancel', { ids: [...ids, 17] })).json()).toEqual({
      changed: 2,
      unchanged: 0,
      next: null,
    });
    expect((await post(harness, 'cancel', { ids })).json()).toEqual({ changed: 0, unchanged: 2, next: null });
    expect((await post(harness, 'delete', { ids })).json()).toEqual({ changed: 2, unchanged: 0, next: null });
    expect(await harness.count()).toBe(0);
  });

  it('takes a filter, within the scope', async () => {
    const harness = await ApiHarness.start();
    const bill = await send(harness, { tags: ['bill'] });
    const other = await send(harness);
    expect((await post(harness, 'release', { filter: {} }, OTHER_TOKEN)).json()).toMatchObject({
      changed: 0,
    });
    expect(
      (await post(harness, 'release', { filter: { tag: ['bill'], search: 'is:held' } })).json(),
    ).toMatchObject({ changed: 1 });
    expect([(await harness.message(bill)).status, (await harness.message(other)).status]).toEqual([
      'queued',
      'held',
    ]);
  });

  it('refuses what selects nothing clearly', async () => {
    const harness = await ApiHarness.start();
    const id = await send(harness);
    for (const body of [
      {},
      { ids: [] },
      { ids: ['1'] },
      { ids: [0] },
      { ids: [id], filter: {} },
      { filter: { colour: 'red' } },
      { filter: { status: ['lost'] } },
      { filter: { search: 'is:lost' } },
      { ids: [id], cursor: 'x' },
      [],
      null,
      'x',
    ]) {
      const response = await post(harness, 'cancel', body);
      expect([body, response.statusCode]).toEqual([body, 400]);
    }
    expect((await harness.message(id)).status).toBe('held');
    expect(harness.failures).toEqual([]);
  });
});
