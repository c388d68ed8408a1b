// Accepts messages, leases and settles them as fast as it can, and says of each when that is durable.
import { message, openStore, say, theDomain } from './common.mjs';

const [directory] = process.argv.slice(2);
const store = await openStore(directory);
const domain = await theDomain(store);
say('ready');

const recipients = ['a@example.net', 'b@example.net'].map((forwardPath) => ({ forwardPath }));
const attempt = (outcome) => ({ at: Date.now(), outcome, remoteHost: null, reply: outcome, tls: null });

async function send() {
  for (;;) {
    await store
      .open()
      .commit({ ...message(domain.id), reversePath: 'app@example.com', recipients, status: 'queued' });
    const now = Date.now();
    for (const lease of await store.queue.lease({ now, until: now + 60_000, limit: 2, perDomain: 100 })) {
      const common = { nextAttemptAt: null };
      await store.queue.settle(
        lease,
        [
          { ...common, position: 0, attempt: attempt('delivered'), report: null, block: false },
          { ...common, position: 1, attempt: attempt('bounced'), report: 'failed', block: true },
        ],
        true,
      );
      say(`settled ${lease.id}.`);
    }
  }
}
await Promise.all(Array.from({ length: 10 }, send));
