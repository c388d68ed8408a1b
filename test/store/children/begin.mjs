// Leases what is due, begins to attempt as many messages and events as it is asked to, says so, and waits to be killed.
import { openStore, say } from './common.mjs';

const [directory, messages, events, lasts] = process.argv.slice(2);
const store = await openStore(directory);
const now = Date.now();
const request = { now, until: now + 60_000, limit: 100 };
const leases = await store.queue.lease({ ...request, perDomain: 100 });
await store.queue.begin(leases.slice(0, Number(messages)));
if (lasts === 'lasts') {
  for (const lease of leases) await store.queue.lasts(lease);
  // It is no second attempt.
  await store.queue.begin(leases.slice(0, Number(messages)));
}
const leased = await store.webhooks.leaseEvents(request);
for (const { event } of leased.slice(0, Number(events))) {
  await store.webhooks.beginEvent(event);
  if (lasts !== 'lasts') continue;
  await store.webhooks.lastsEvent(event);
  await store.webhooks.beginEvent(event);
}
say(`begun ${leases.length} ${leased.length}`);
setInterval(() => undefined, 1000);
