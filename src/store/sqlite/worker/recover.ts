/** Recovers a folder after a server that did not stop in order. Only while no server runs on it. */
import type { Database } from './database.js';
import { openParts, type Parts } from './parts.js';
import { Trash } from './trash.js';

/** Steps of folding in one transaction. */
const STEPS = 256;

/** Ends the leases of servers that are gone, and counts what was under way when they died. */
export function endLeases(parts: Parts): void {
  const single = parts.leasing.underWay + parts.webhooks.underWay === 1;
  parts.leasing.endAll(single);
  parts.webhooks.endLeases(single);
  parts.idempotency.endAll();
}

/**
 * Does at once what a server does bit by bit: ends leases, removes uploads that were given up, and folds the journal of
 * the counters into their tables.
 */
export function recover(database: Database): void {
  const trash = new Trash(database);
  const parts = openParts(database, trash);
  endLeases(parts);
  trash.addUnfinished();
  while (!trash.isEmpty) trash.removeSlice();
  const rest = database.prepare('SELECT 1 FROM counter_journal LIMIT 1');
  while (rest.get() !== undefined) {
    // If another process writes, such as a command, this waits for it.
    database.exec('BEGIN IMMEDIATE');
    for (let step = 0; step < STEPS; step++) parts.counters.journal.step()();
    database.exec('COMMIT');
  }
}
