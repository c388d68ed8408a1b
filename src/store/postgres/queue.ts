/** The contract of the queue, from the parts that have its SQL. */
import type { Queue } from '../queue.js';
import type { DatabaseClock } from './clock.js';
import type { Connections } from './connections.js';
import { capDue } from './due-times.js';
import type { Leasing } from './leasing.js';
import { type HandOperation, operateByHand } from './operator.js';
import type { QueueWatch } from './queue-watch.js';
import type { Reports } from './reports.js';
import type { Settlements } from './settlements.js';
import { readWaiting } from './waiting.js';

export interface QueueParts {
  readonly connections: Connections;
  readonly clock: DatabaseClock;
  readonly leasing: Leasing;
  readonly settlements: Settlements;
  readonly reports: Reports;
  readonly watch: QueueWatch;
}

/** @param now the node's clock, in milliseconds since the epoch */
export function postgresQueue(parts: QueueParts, now: () => number): Queue {
  const { connections, clock, leasing, settlements, reports, watch } = parts;
  const byHand = async (operation: HandOperation, id: number, at: number): Promise<number> => {
    const changed = await connections.transaction((connection) =>
      operateByHand(connection, operation, [id], at, clock),
    );
    if (changed.size > 0 && operation !== 'cancel') watch.notify();
    return changed.get(id) ?? 0;
  };
  return {
    lease: (request) => leasing.lease(request),
    renew: (leases, until) => leasing.renew(leases, until),
    period: () => leasing.period(),
    begin: (leases) => leasing.begin(leases),
    lasts: (lease) => leasing.lasts(lease),
    settle: (lease, list, finished) => settlements.settle(lease, list, finished),
    giveBack: (lease, at) => settlements.giveBack(lease, at),
    async capDue(request) {
      const changed = await capDue(connections, clock, request);
      if (changed > 0) watch.notify();
      return changed;
    },
    nextDue: () => leasing.nextDue(),
    watch: (listener) => watch.add(listener),
    waiting: (query) => readWaiting(connections, clock, query, now()),
    release: (id, at) => byHand('release', id, at),
    retry: (id, at) => byHand('retry', id, at),
    cancel: (id, at) => byHand('cancel', id, at),
    owedReports: (limit) => reports.owed(limit),
    dropReports: (fulfilment) => reports.drop(fulfilment),
  };
}
