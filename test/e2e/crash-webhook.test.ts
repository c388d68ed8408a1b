// An event is reported, however often the server is killed for another reason while it reports.
import { expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite/index.js';
import { newWebhookKeys } from '../../src/delivery/webhooks/keys.js';
import { apiServer } from '../delivery/https/api-server.js';
import { startRemoteServer } from '../delivery/remote-server.js';
import { CrashFolder } from './crash-folder.js';
import { lines } from './sending.js';

it('an event that is under way while the server is killed again and again is reported', async () => {
  // More than after which an event is dropped.
  const KILLS = 4;
  let works = false;
  const endpoint = await apiServer(() => (works ? { status: 204 } : undefined));
  const far = await startRemoteServer();
  const folder = await CrashFolder.create();
  const store = await openSqliteStore({ directory: folder.data, exclusive: false });
  const webhook = { url: endpoint.url, events: ['email.queued'], keys: newWebhookKeys() } as const;
  await store.webhooks.set('example.com', webhook, Date.now());
  await store.close();
  await folder.add(1);
  const environment = { POSTERN_DELIVERY_WEBHOOK_PRIVATE: 'allow' };
  for (let kill = 0; kill < KILLS; kill++) {
    const gateway = await folder.gateway(far, environment);
    await gateway.says(/^postern ready /m);
    const before = endpoint.taken.length;
    // A suspect is not reported so early in the life of a server.
    for (let waited = 0; waited < 20 && endpoint.taken.length === before; waited++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await gateway.stop('SIGKILL');
  }
  works = true;
  const attempts = endpoint.taken.length;
  const last = await folder.gateway(far, environment);
  await expect.poll(() => endpoint.taken.length, { timeout: 60_000, interval: 100 }).toBe(attempts + 1);
  expect(lines(last, 'event dropped: the server died each time that it was reported')).toEqual([]);
}, 240_000);
