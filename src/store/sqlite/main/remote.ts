/** The parts of the contract on the main thread: each call goes to the worker. */
import type { BlockList } from '../../block-list.js';
import type { DkimKeys } from '../../dkim-keys.js';
import type { Lease, Queue } from '../../queue.js';
import { inSteps } from '../../removal.js';
import type { Retention } from '../../retention.js';
import type { Idempotency } from '../../idempotency.js';
import type { Administrator, Principal, Sessions } from '../../sessions.js';
import type { Webhooks } from '../../webhooks.js';
import type { CapStep } from '../worker/due-times.js';
import type { LeaseName } from '../worker/leasing.js';
import type { WorkerLink } from './worker-link.js';
import { plainCompletion, plainFulfilment } from '../wire/packed.js';
import { type PackedLeases, unpackLeases } from '../wire/packed-leases.js';
import { packSettlements } from '../wire/packed-settlements.js';
import type { Watch } from './watch.js';

/** @param now the clock, in milliseconds since the epoch */
export function remoteQueue(link: WorkerLink, watch: Watch, now: () => number): Queue {
  /** Notifies watchers of the queue if something may be due sooner now. */
  const notifying = async (changed: Promise<number>): Promise<number> => {
    const recipients = await changed;
    if (recipients > 0) watch.notify();
    return recipients;
  };
  return {
    // The worker adds the content to what the method returns: see `Scheduler`.
    lease: async (request) =>
      unpackLeases((await link.ask('leasing', 'lease', { ...request })) as unknown as PackedLeases),
    renew: (leases, until) => link.ask('leasing', 'renew', leases.map(nameOf), until),
    // No other server has the store.
    period: () => 1,
    begin: (leases) => link.ask('leasing', 'begin', leases.map(nameOf)),
    lasts: (lease) => link.ask('leasing', 'lasts', nameOf(lease)),
    settle: ({ id, lease }, settlements, finished) =>
      link.ask('settlements', 'settle', id, lease, finished, packSettlements(settlements)),
    giveBack: (lease, at) => link.ask('leasing', 'giveBack', nameOf(lease), at),
    capDue: async (request) => {
      let changed = 0;
      for (let next: number | null = 0; next !== null;) {
        const step: CapStep = await link.ask('dueTimes', 'cap', { ...request }, next);
        changed += step.changed;
        next = step.next;
      }
      return notifying(Promise.resolve(changed));
    },
    nextDue: () => link.ask('leasing', 'nextDue'),
    watch: (listener) => watch.add(listener),
    waiting: (query) => link.ask('waiting', 'waiting', { ...query }, now()),
    release: (id, at) => notifying(link.ask('waiting', 'release', id, at)),
    retry: (id, at) => notifying(link.ask('waiting', 'retry', id, at)),
    cancel: (id, at) => link.ask('waiting', 'cancel', id, at),
    owedReports: (limit) => link.ask('reports', 'owed', limit),
    dropReports: (fulfilment) => link.ask('reports', 'drop', plainFulfilment(fulfilment)),
  };
}

export function remoteBlockList(link: WorkerLink, now: () => number): BlockList {
  return {
    find: (domainId, address) => link.ask('blocks', 'find', domainId, address, now()),
    isEmpty: (domainId) => link.ask('blocks', 'isEmpty', domainId),
    put: (entry) => link.ask('blocks', 'put', { ...entry }),
    remove: (domain, address) => link.ask('blocks', 'remove', domain, address),
    list: (query) => link.ask('blocks', 'list', { ...query }),
  };
}

export function remoteWebhooks(link: WorkerLink): Webhooks {
  return {
    set: (domain, { url, events, keys }, now) => {
      const copies = { publicKey: copy(keys.publicKey), privateKey: copy(keys.privateKey) };
      return link.ask('webhooks', 'set', domain, { url, events: [...events], keys: copies }, now);
    },
    remove: (domain) => link.ask('webhooks', 'remove', domain),
    list: () => link.ask('webhooks', 'list'),
    find: (domain) => link.ask('webhooks', 'find', domain),
    switchOff: (domainId, reason, now) => link.ask('webhooks', 'switchOff', domainId, reason, now),
    leaseEvents: (request) => link.ask('webhooks', 'leaseEvents', { ...request }),
    beginEvent: (event) => link.ask('webhooks', 'beginEvent', event),
    lastsEvent: (event) => link.ask('webhooks', 'lastsEvent', event),
    endEvent: (event) => link.ask('webhooks', 'endEvent', event),
    deferEvent: (event, at) => link.ask('webhooks', 'deferEvent', event, at),
    capEvents: (request) => link.ask('dueTimes', 'capEvents', { ...request }),
    nextEventDue: () => link.ask('webhooks', 'nextEventDue'),
  };
}

export function remoteDkimKeys(link: WorkerLink): DkimKeys {
  return {
    list: (domain) => link.ask('dkimKeys', 'list', domain),
    add: (key) => link.ask('dkimKeys', 'add', { ...key, privateKey: copy(key.privateKey) }),
    setActive: (domain, selector, active) => link.ask('dkimKeys', 'setActive', domain, selector, active),
    remove: (domain, selector) => link.ask('dkimKeys', 'remove', domain, selector),
  };
}

export function remoteSessions(link: WorkerLink): Sessions {
  return {
    create: ({ digest, principal, createdAt, expiresAt, clientAddress, userAgent }) =>
      link.ask('sessions', 'create', {
        digest: copy(digest),
        principal: plainPrincipal(principal),
        createdAt,
        expiresAt,
        clientAddress,
        userAgent,
      }),
    find: (digest, now) => link.ask('sessions', 'find', copy(digest), now),
    touch: (digest, lastSeenAt, expiresAt) =>
      link.ask('sessions', 'touch', copy(digest), lastSeenAt, expiresAt),
    list: (principal, now) =>
      link.ask('sessions', 'list', principal === null ? null : plainPrincipal(principal), now),
    revoke: (digest) => link.ask('sessions', 'revoke', copy(digest)),
    revokeAll: (principal, except) =>
      link.ask('sessions', 'revokeAll', plainPrincipal(principal), except === null ? null : copy(except)),
    removeExpired: (now) => link.ask('sessions', 'removeExpired', now),
  };
}

function plainPrincipal(principal: Principal): Principal {
  return principal.kind === 'domain'
    ? { kind: 'domain', domainId: principal.domainId }
    : { kind: 'administrator' };
}

export function remoteAdministrator(link: WorkerLink): Administrator {
  return {
    password: () => link.ask('settings', 'password'),
    setPassword: (record, { onlyIfNone }) => link.ask('settings', 'setPassword', record, onlyIfNone),
  };
}

export function remoteIdempotency(link: WorkerLink): Idempotency {
  return {
    begin: (claim) => link.ask('idempotency', 'begin', { ...claim }),
    renew: ({ domainId, key }, owner, leaseUntil) =>
      link.ask('idempotency', 'renew', { domainId, key }, owner, leaseUntil),
    complete: (completion) => link.ask('idempotency', 'complete', plainCompletion(completion)),
    abandon: ({ domainId, key }, owner) => link.ask('idempotency', 'abandon', { domainId, key }, owner),
    removeExpired: (now) => link.ask('idempotency', 'removeExpired', now),
  };
}

export function remoteRetention(link: WorkerLink): Retention {
  return {
    removeOld: inSteps((request, position) => link.ask('removal', 'removeOld', request, position)),
    async shrink() {
      for (;;) {
        const { octets, more } = await link.ask('removal', 'shrink');
        if (octets > 0 || !more) return octets;
      }
    },
  };
}

/** A view may share its memory with much else, and all of that would travel with it. */
export function copy(octets: Uint8Array): Uint8Array {
  return new Uint8Array(octets);
}

function nameOf({ id, lease }: Lease): LeaseName {
  return { id, lease };
}
