/** What of the worker's parts can be called from the main thread, and what a call does to the database. */

/**
 * The effect of a call on the database.
 *
 * - `read`: nothing
 * - `write`: it resolves when that is on stable storage
 * - `passing`: it means nothing once the server is gone, so it waits for no sync
 */
export type Access = 'read' | 'write' | 'passing';

export const ACCESS = {
  domains: { add: 'write', remove: 'write', rotate: 'write', byToken: 'read', list: 'read', isEmpty: 'read' },
  reading: { page: 'read', message: 'read', content: 'read', version: 'read' },
  leasing: {
    lease: 'passing',
    begin: 'passing',
    lasts: 'passing',
    renew: 'passing',
    giveBack: 'write',
    nextDue: 'read',
  },
  settlements: { settle: 'write' },
  waiting: { waiting: 'read', release: 'write', retry: 'write', cancel: 'write' },
  reports: { owed: 'read', drop: 'write' },
  dueTimes: { cap: 'passing', capEvents: 'passing' },
  blocks: {
    find: 'read',
    isEmpty: 'read',
    put: 'write',
    remove: 'write',
    list: 'read',
    search: 'read',
    putAll: 'write',
    removeAll: 'write',
    removeExpired: 'write',
  },
  webhooks: {
    set: 'write',
    remove: 'write',
    list: 'read',
    find: 'read',
    switchOff: 'write',
    leaseEvents: 'passing',
    beginEvent: 'passing',
    lastsEvent: 'passing',
    endEvent: 'write',
    deferEvent: 'write',
    nextEventDue: 'read',
  },
  dkimKeys: { list: 'read', add: 'write', setActive: 'write', remove: 'write' },
  sessions: {
    create: 'write',
    find: 'read',
    touch: 'passing',
    list: 'read',
    revoke: 'write',
    revokeAll: 'write',
    removeExpired: 'passing',
  },
  settings: { password: 'read', setPassword: 'write' },
  idempotency: {
    begin: 'write',
    renew: 'passing',
    complete: 'write',
    abandon: 'write',
    removeExpired: 'passing',
  },
  mail: { page: 'read', record: 'read', content: 'read', headerSection: 'read' },
  operations: { operate: 'write', retag: 'write' },
  statistics: { counts: 'read', destinations: 'read', recount: 'read' },
  domainRecords: {
    list: 'read',
    find: 'read',
    totals: 'read',
    tokenUsed: 'passing',
    remove: 'write',
    setRetention: 'write',
  },
  webhookCalls: { record: 'passing', list: 'read', redeliver: 'write', test: 'write' },
  tagCounts: { list: 'read' },
  tagUses: { last: 'read' },
  searchJournal: { remove: 'passing' },
  removal: { removeOld: 'write', shrink: 'write' },
} as const;
