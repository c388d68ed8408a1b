/** The queue, with the watchers of messages informed of what it does. */
import type { MailChange } from './mail.js';
import type { Queue } from './queue.js';

interface Watch {
  publish(changes: readonly MailChange[]): void;
  /** Something has happened that is not known in detail. */
  miss(): void;
}

export function watchedQueue(queue: Queue, watch: Watch): Queue {
  const missing = async (changed: Promise<number>): Promise<number> => {
    const recipients = await changed;
    if (recipients > 0) watch.miss();
    return recipients;
  };
  return {
    ...queue,
    async settle(lease, settlements, finished) {
      await queue.settle(lease, settlements, finished);
      if (settlements.length === 0) return;
      watch.publish([{ id: lease.id, domainId: lease.domain.id, kind: 'status', status: null }]);
    },
    release: (id, now) => missing(queue.release(id, now)),
    cancel: (id, now) => missing(queue.cancel(id, now)),
  };
}
