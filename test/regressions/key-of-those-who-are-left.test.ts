// Symptom: a mail API that took part of a message, and whose answer about another part could not be read, got that
// part again under another Idempotency-Key, and mailed it twice.
//
// Cause: the key of a request was made of all recipients that the message still had, and a retry has fewer.
//
// Fix: a key is made of the message and of the recipients of the request alone (src/delivery/queue/shipping.ts).
import { expect, it, onTestFinished } from 'vitest';
import { openApiTransport } from '../../src/delivery/transports/https/transport.js';
import { ship } from '../../src/delivery/queue/shipping.js';
import type { Lease } from '../../src/store/queue.js';
import { PENDING, apiServer } from '../delivery/https/api-server.js';
import { RUNNING, shipment } from '../delivery/files/shipment.js';

it('a request is repeated under its key, also if other recipients of the message are settled', async () => {
  const api = await apiServer(() => (api.taken.length === 2 ? { body: 'Bad Gateway' } : PENDING));
  const transport = openApiTransport({ url: api.url, token: null, tokenHeader: 'X-Token' });
  onTestFinished(() => transport.close());
  const to = Array.from({ length: 60 }, (_, place) => `${place}@example.net`);
  const message = shipment(`From: app@example.com\r\nTo: ${to.join(',\r\n ')}\r\n\r\nHello\r\n`, { to });
  const { content: _, ...facts } = message;
  const lease: Lease = { ...facts, lease: 1, until: Infinity };
  const first = await ship(transport, lease, lease.recipients, () => message, RUNNING);
  const left = first.outcomes.filter(({ delivery }) => delivery.outcome === 'deferred');
  expect(left).toHaveLength(10);
  const again = left.map(({ recipient }) => recipient);
  await ship(transport, { ...lease, recipients: again }, again, () => message, RUNNING);
  const [, unsure, repeated] = api.taken;
  expect(api.taken).toHaveLength(3);
  expect(repeated?.raw).toEqual(unsure?.raw);
  expect(repeated?.headers['idempotency-key']).toBe(unsure?.headers['idempotency-key']);
});
