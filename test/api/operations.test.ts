// Tests the operations on messages, one by one and in bulk, within the scope.
import type { LightMyRequestResponse } from 'fastify';
import { describe, expect, it } from 'vitest';
import { OTHER_TOKEN, Rig, TOKEN } from './rig.js';

function post(rig: Rig, url: string, body?: unknown, token = TOKEN): Promise<LightMyRequestResponse> {
  return rig.api.app.inject({
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

function remove(rig: Rig, id: number, token = TOKEN): Promise<LightMyRequestResponse> {
  const headers = { host: 'mx.example', 'mailpace-server-token': token };
  return rig.api.app.inject({ method: 'DELETE', url: `/api/v1/messages/${id}`, headers });
}

async function send(rig: Rig, fields: object = {}): Promise<number> {
  const message = {
    from: 'app@example.com',
    to: 'you@example.net',
    subject: 'Hello',
    textbody: 'x',
    ...fields,
  };
  return (await rig.send(message)).json<{ id: number }>().id;
}

describe('an operation on one message', () => {
  it('does it once, and says why it does nothing the next time', async () => {
    const rig = await Rig.start();
    const id = await send(rig);
    expect((await post(rig, `${id}/retry`)).json()).toMatchObject({ code: 'conflict' });
    expect((await post(rig, `${id}/release`)).statusCode).toBe(204);
    expect((await rig.message(id)).status).toBe('queued');
    expect((await post(rig, `${id}/release`)).json()).toEqual({
      error: 'The message is not held',
      code: 'conflict',
    });
    expect((await post(rig, `${id}/retry`)).statusCode).toBe(204);
    expect((await remove(rig, id)).statusCode).toBe(409);
    expect((await post(rig, `${id}/cancel`)).statusCode).toBe(204);
    expect((await rig.message(id)).status).toBe('cancelled');
    expect((await remove(rig, id)).statusCode).toBe(204);
    expect(await rig.store.message(id)).toBeNull();
    expect((await remove(rig, id)).statusCode).toBe(404);
  });

  it('sends a copy with the same octets, whatever became of the first', async () => {
    const rig = await Rig.start({}, { status: 'queued' });
    const id = await send(rig, { tags: ['welcome'], to: 'a@example.net, b@example.net' });
    const copy = (await post(rig, `${id}/resend`)).json<{ id: number }>().id;
    expect(copy).toBeGreaterThan(id);
    expect(await rig.raw(copy)).toBe(await rig.raw(id));
    const message = await rig.message(copy);
    expect(message).toMatchObject({
      status: 'queued',
      tags: ['welcome'],
      to: ['a@example.net', 'b@example.net'],
    });
  });

  it('treats a message of another domain as absent, and leaves it alone', async () => {
    const rig = await Rig.start();
    const id = await send(rig);
    const before = JSON.stringify(await rig.message(id));
    for (const operation of ['retry', 'cancel', 'release', 'resend']) {
      const foreign = await post(rig, `${id}/${operation}`, undefined, OTHER_TOKEN);
      expect([operation, foreign.statusCode]).toEqual([operation, 404]);
    }
    expect((await remove(rig, id, OTHER_TOKEN)).statusCode).toBe(404);
    expect(JSON.stringify(await rig.message(id))).toBe(before);
    expect(await rig.count()).toBe(1);
  });
});

describe('a bulk change', () => {
  it('takes ids, and passes over those that are not there or of another domain', async () => {
    const rig = await Rig.start();
    const ids = [await send(rig), await send(rig)];
    const foreign = await post(rig, 'cancel', { ids }, OTHER_TOKEN);
    expect(foreign.json()).toEqual({ changed: 0, unchanged: 0, next: null });
    expect((await post(rig, 'cancel', { ids: [...ids, 17] })).json()).toEqual({
      changed: 2,
      unchanged: 0,
      next: null,
    });
    expect((await post(rig, 'cancel', { ids })).json()).toEqual({ changed: 0, unchanged: 2, next: null });
    expect((await post(rig, 'delete', { ids })).json()).toEqual({ changed: 2, unchanged: 0, next: null });
    expect(await rig.count()).toBe(0);
  });

  it('takes a filter, within the scope', async () => {
    const rig = await Rig.start();
    const bill = await send(rig, { tags: ['bill'] });
    const other = await send(rig);
    expect((await post(rig, 'release', { filter: {} }, OTHER_TOKEN)).json()).toMatchObject({ changed: 0 });
    expect(
      (await post(rig, 'release', { filter: { tag: ['bill'], search: 'is:held' } })).json(),
    ).toMatchObject({ changed: 1 });
    expect([(await rig.message(bill)).status, (await rig.message(other)).status]).toEqual(['queued', 'held']);
  });

  it('refuses what selects nothing clearly', async () => {
    const rig = await Rig.start();
    const id = await send(rig);
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
      const response = await post(rig, 'cancel', body);
      expect([body, response.statusCode]).toEqual([body, 400]);
    }
    expect((await rig.message(id)).status).toBe('held');
    expect(rig.failures).toEqual([]);
  });
});
