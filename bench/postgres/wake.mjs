// How soon a message that one node has accepted is leased by another one.
import { openPostgresStore } from '../../dist/store/postgres/index.js';

/** Milliseconds between two messages: each finds the other node waiting. */
const PAUSE_MS = 30;

/** Returns milliseconds from the end of the commit on one store until the other store has leased, for so many messages. */
export async function measureWakeUps(url, messages) {
  const taker = await openPostgresStore({ url });
  const deliverer = await openPostgresStore({ url });
  try {
    const domain = await taker.addDomain('wake.example', Buffer.alloc(32, 7), Date.now());
    const times = [];
    for (let n = 0; n < messages; n++) {
      const leased = nextLease(deliverer);
      const id = await accept(taker, domain.id);
      const committed = performance.now();
      const lease = await leased;
      if (lease.id !== id) throw new Error(`leased ${lease.id}, not ${id}`);
      times.push(Math.max(0, lease.at - committed));
      const attempt = {
        at: Date.now(),
        outcome: 'delivered',
        remoteHost: 'mx.example',
        reply: '250 ok',
        tls: null,
      };
      const settlement = { position: 0, attempt, nextAttemptAt: null, report: null, block: false };
      await deliverer.queue.settle(lease, [settlement], true);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return times;
  } finally {
    await deliverer.close();
    await taker.close();
  }
}

/** Leases when the store says that something may be due, as a server does. */
function nextLease({ queue }) {
  return new Promise((resolve, reject) => {
    let asking = false;
    const end = queue.watch(async () => {
      if (asking) return;
      asking = true;
      try {
        const now = Date.now();
        const [lease] = await queue.lease({ now, until: now + 60_000, limit: 10, perDomain: 10 });
        if (lease === undefined) return;
        end();
        resolve({ ...lease, at: performance.now() });
      } catch (error) {
        end();
        reject(error);
      } finally {
        asking = false;
      }
    });
  });
}

async function accept(store, domainId) {
  const draft = store.open();
  await draft.write(Buffer.from('Subject: wake\r\n\r\nup\r\n'));
  await draft.commit({
    ...{
      domainId,
      status: 'queued',
      receivedAt: Date.now(),
      reversePath: 'a@wake.example',
      from: 'a@wake.example',
    },
    ...{
      subject: 'wake',
      tags: [],
      listUnsubscribe: null,
      messageId: null,
      tls: null,
      clientAddress: '192.0.2.1',
    },
    recipients: [{ forwardPath: 'b@example.net' }],
  });
  return draft.id;
}
