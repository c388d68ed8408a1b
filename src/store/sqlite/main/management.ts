/** The parts of the contract for the HTTP API, on the main thread: each call goes to the worker. */
import type { BlockLists } from '../../block-list.js';
import type { DomainRecords } from '../../domain-records.js';
import type { Mail, OperationStep } from '../../mail.js';
import type { Scope } from '../../port.js';
import type { Statistics } from '../../statistics.js';
import type { WebhookCalls } from '../../webhooks.js';
import type { ReadPage } from '../search/reader.js';
import type { OwnedStep } from '../worker/operations.js';
import { countsOf } from '../../counter-rows.js';
import { copy } from './remote.js';
import type { MailWatch } from './mail-watch.js';
import { checkPage, checkStatistics } from '../../bounds.js';
import { cancelMessagesOf } from '../../cancel-domain.js';
import type { Watch } from './watch.js';
import type { WorkerLink } from './worker-link.js';

/** The thread that reads pages, and the thread that fills the index of words for it. */
export interface PageReader {
  readonly link: Pick<WorkerLink, 'ask'>;
  /** Called if the index has failed. */
  readonly onDamage: () => void;
}

/** @param queueWatch learns of messages that are due sooner */
export function remoteMail(link: WorkerLink, reader: PageReader, watch: MailWatch, queueWatch: Watch): Mail {
  const published = (kind: 'status' | 'removed' | 'tags', owned: OwnedStep): OperationStep => {
    const { domainIds, ...step } = owned;
    watch.publish(step.changed.map((id, at) => ({ id, domainId: domainIds[at] ?? 0, kind, status: null })));
    return step;
  };
  return {
    async page(scope, request) {
      checkPage(request);
      const read = await reader.link.ask('mail', 'page', plainScope(scope), structuredClone(request));
      const { indexIsDamaged, ...page } = read as ReadPage;
      if (indexIsDamaged) reader.onDamage();
      return page;
    },
    message: (scope, id) => link.ask('mail', 'record', plainScope(scope), id),
    async *content(scope, id) {
      for (let sequence = 0; ; sequence++) {
        const octets = await link.ask('mail', 'content', plainScope(scope), id, sequence);
        if (octets === null) return;
        yield octets;
      }
    },
    headerSection: (scope, id) => link.ask('mail', 'headerSection', plainScope(scope), id),
    async operate(scope, request) {
      const { operation } = request;
      const step = await link.ask('operations', 'operate', plainScope(scope), structuredClone(request));
      if (step.changed.length > 0 && (operation === 'retry' || operation === 'release')) queueWatch.notify();
      return published(operation === 'delete' ? 'removed' : 'status', step);
    },
    async retag(scope, { add, remove }, selection, before) {
      const retag = { add: [...add], remove: [...remove] };
      const args = [plainScope(scope), retag, structuredClone(selection), before] as const;
      return published('tags', await link.ask('operations', 'retag', ...args));
    },
    watch: (scope, watcher) => watch.add(plainScope(scope), watcher),
  };
}

/** @param reader reads what takes long */
export function remoteStatistics(link: WorkerLink, reader: Pick<WorkerLink, 'ask'>): Statistics {
  return {
    async counts(scope, query) {
      checkStatistics(query);
      return link.ask('statistics', 'counts', plainScope(scope), { ...query });
    },
    async tags(scope, query) {
      const counted = await link.ask('tagCounts', 'list', plainScope(scope), { ...query });
      const names = counted.map(({ tag }) => tag);
      const uses = await reader.ask('tagUses', 'last', plainScope(scope), query.domain, names);
      // The messages of a tag may be gone meanwhile.
      return counted.flatMap(({ tag, messages }, at) => {
        const lastUsed = uses[at] ?? null;
        return lastUsed === null ? [] : [{ tag, messages, lastUsed }];
      });
    },
    destinations: (scope, query) => link.ask('statistics', 'destinations', plainScope(scope), { ...query }),
    async recount(scope, query) {
      const facts = [];
      for (let after: number | null = 0; after !== null;) {
        const step: {
          facts: readonly { at: number; measure: number; count: number }[];
          next: number | null;
        } = await link.ask('statistics', 'recount', plainScope(scope), { ...query }, after);
        facts.push(...step.facts);
        after = step.next;
      }
      return countsOf(facts);
    },
  };
}

export function remoteDomainRecords(link: WorkerLink, mail: Mail): DomainRecords {
  return {
    list: (scope, query, now) => link.ask('domainRecords', 'list', plainScope(scope), { ...query }, now),
    find: (scope, name, now) => link.ask('domainRecords', 'find', plainScope(scope), name, now),
    totals: () => link.ask('domainRecords', 'totals'),
    tokenUsed: (digest, at) =>
      link.ask('domainRecords', 'tokenUsed', copy(digest), at).catch(() => undefined),
    async remove(scope, name, remainder, now) {
      const domainId = await link.ask('domainRecords', 'remove', plainScope(scope), name, now);
      if (domainId === null) return null;
      return remainder === 'keep' ? 0 : cancelMessagesOf(mail, domainId, now);
    },
    setRetention: (scope, name, retention) =>
      link.ask('domainRecords', 'setRetention', plainScope(scope), name, { ...retention }),
  };
}

export function remoteBlockLists(link: WorkerLink): BlockLists {
  const plain = <E extends object>(entries: readonly E[]): E[] => entries.map((entry) => ({ ...entry }));
  return {
    search: (scope, query, now) => link.ask('blocks', 'search', plainScope(scope), { ...query }, now),
    putAll: (scope, entries) => link.ask('blocks', 'putAll', plainScope(scope), plain(entries)),
    removeAll: (scope, entries) => link.ask('blocks', 'removeAll', plainScope(scope), plain(entries)),
    removeExpired: (now) => link.ask('blocks', 'removeExpired', now),
  };
}

export function remoteWebhookCalls(link: WorkerLink): WebhookCalls {
  return {
    record: (call) => link.ask('webhookCalls', 'record', { ...call }),
    list: (scope, query) => link.ask('webhookCalls', 'list', plainScope(scope), { ...query }),
    redeliver: (scope, call) => link.ask('webhookCalls', 'redeliver', plainScope(scope), call),
    test: (scope, message, name, now) =>
      link.ask('webhookCalls', 'test', plainScope(scope), message, name, now),
  };
}

function plainScope(scope: Scope): Scope {
  return scope === 'all' ? scope : { domainId: scope.domainId };
}
