import type { BlockEntry } from '../../src/store/block-list.js';
import type { Domain, Draft, MessageQuery, MessageSummary, Store } from '../../src/store/port.js';
import { detailOf } from './model-message.js';
import { ModelQueue } from './model-queue.js';

/** The parts of a store that the contract of the queue needs around it. */
export type QueueStore = Pick<Store, 'addDomain' | 'open' | 'message' | 'messages'> & {
  readonly queue: ModelQueue;
  readonly blockList: Pick<Store['blockList'], 'put' | 'find'>;
};

/** Puts domains, drafts and a block list around an in-memory queue. */
export function modelStore(now: () => number): QueueStore {
  const queue = new ModelQueue(now);
  const domains: Domain[] = [];
  const listed = new Map<string, BlockEntry>();
  return {
    queue,
    addDomain: async (name, _digest, createdAt) => {
      const domain = { id: domains.length + 1, name, createdAt };
      domains.push(domain);
      return domain;
    },
    open: () => draft(queue, domains),
    message: async (id) => {
      const message = queue.messages.get(id);
      return message === undefined ? null : detailOf(message);
    },
    messages: async (query) => summaries(queue, query),
    blockList: {
      put: async (entry) => listed.set(`${entry.domain} ${entry.address}`, entry).size > 0,
      find: async (domainId, address) => {
        const domain = domains.find(({ id }) => id === domainId)?.name ?? '';
        return listed.get(`${domain} ${address}`) ?? blocked(queue, domain, address);
      },
    },
  };
}

function draft(queue: ModelQueue, domains: readonly Domain[]): Draft {
  const pieces: Buffer[] = [];
  const made = {
    id: 0,
    write: (octets: Uint8Array) => void pieces.push(Buffer.from(octets)),
    discard: () => undefined,
    commit: async (message: Parameters<Draft['commit']>[0]) => {
      const domain = domains.find(({ id }) => id === message.domainId);
      if (domain === undefined) throw new Error('there is no such domain');
      const content = new Uint8Array(Buffer.concat(pieces));
      made.id = queue.put({
        ...message,
        domain,
        content,
        size: content.length,
        terms: message.terms ?? {},
        recipients: message.recipients.map(({ forwardPath, notify = null, originalRecipient = null }) => ({
          ...{ forwardPath, notify, originalRecipient },
        })),
      });
    },
  };
  return made;
}

function summaries(queue: ModelQueue, { status, limit }: MessageQuery): MessageSummary[] {
  return [...queue.messages.values()]
    .map(detailOf)
    .filter((message) => status === undefined || message.status === status)
    .reverse()
    .slice(0, limit);
}

/** Returns the entry that a settlement has made. */
function blocked(queue: ModelQueue, domain: string, address: string): BlockEntry | null {
  for (const message of queue.messages.values()) {
    if (message.domain.name !== domain) continue;
    for (const { forwardPath, blocked, attempts } of message.recipients) {
      const last = attempts.at(-1);
      if (!blocked || last === undefined || forwardPath.toLowerCase() !== address) continue;
      return { domain, address, verdict: 'blocked', since: last.at, reason: last.reply };
    }
  }
  return null;
}
