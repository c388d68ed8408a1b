// Symptom: an event that a webhook did not take was sent again every two minutes, for ever, and the webhook was
// never switched off. The log said that events could not be read.
//
// Cause: chance made the gap a fraction of a millisecond long, and the store takes whole ones only: the event was
// not put off, so that it came up again when its lease ran out, and nothing counted against the endpoint.
//
// Fix: gaps are whole (src/delivery/webhooks/schedule.ts).
import { expect, it, onTestFinished, vi } from 'vitest';
import { newWebhookKeys } from '../../src/delivery/webhooks/keys.js';
import { startWebhooks } from '../../src/delivery/webhooks/webhooks.js';
import { EVENTS } from '../../src/store/webhooks.js';
import { accept, runningStore } from '../cli/postern.js';
import { apiServer } from '../delivery/https/api-server.js';
import { scratch } from '../scratch.js';
import { addDomain } from '../store/fixtures.js';

it('puts an event off that was not taken, and counts it', async () => {
  const store = await runningStore(await scratch());
  const domain = await addDomain(store);
  const api = await apiServer(() => ({ status: 500 }));
  await store.webhooks.set(domain.name, { url: api.url, events: EVENTS, keys: newWebhookKeys() }, Date.now());
  await accept(store, domain.id, { status: 'queued' });
  const errors: unknown[] = [];
  let now = Date.now();
  const webhooks = startWebhooks(store, {
    allowPrivate: true,
    poll: 10,
    now: () => now,
    observer: { onError: (error) => errors.push(error) },
  });
  onTestFinished(() => webhooks.close());
  const timeout = { timeout: 20_000, interval: 10 };
  await vi.waitUntil(() => api.taken.length === 1, timeout);
  // More than the first gap, and less than a lease.
  await vi.waitUntil(async () => ((await store.webhooks.nextEventDue()) ?? Infinity) < now + 12_000, timeout);
  now += 15_000;
  await vi.waitUntil(() => api.taken.length === 2, timeout);
  expect(errors).toEqual([]);
});
