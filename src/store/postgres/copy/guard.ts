/** Keeps servers and a copy apart. */
import { RECORD, unfinished } from '../../copy/record.js';
import { StoreError } from '../../port.js';
import { databaseLock } from '../advisory-locks.js';
import type { Connection } from '../connection.js';
import type { Connections } from '../connections.js';

/** A copy holds it while it works. */
const LOCK = databaseLock('copy');
/** Given back at the end of the statement. */
const TRY = { name: 'copy_try', text: `SELECT pg_try_advisory_xact_lock_shared(${LOCK}) AS free` };
const TAKE = { name: 'copy_take', text: `SELECT pg_try_advisory_lock(${LOCK}) AS taken` };
/** The record of an unfinished copy. */
export const GET_RECORD = { name: 'copy_record', text: `SELECT value FROM setting WHERE name = '${RECORD}'` };
const LIVING = {
  name: 'copy_living',
  text: `SELECT count(*)::int AS count, string_agg(name, ', ' ORDER BY slot) AS names FROM node
    WHERE heartbeat_until >= now()`,
};

/**
 * Refuses a database that is being copied, or that a copy has not finished. A node calls it after it has joined: a copy
 * looks for nodes after it has taken the lock, so that at least one of both sees the other.
 *
 * @throws StoreError `in-use`, `unreadable`
 */
export async function refuseCopies(connections: Connections): Promise<void> {
  const [lock] = (await connections.run<{ free: boolean }>(TRY)).rows;
  if (lock?.free !== true) {
    throw new StoreError(
      'in-use',
      `the database at ${connections.place} is being copied; wait for the end of the copy`,
    );
  }
  const [record] = (await connections.run<{ value: string }>(GET_RECORD)).rows;
  if (record !== undefined) throw unfinished(record.value, connections.place);
}

/**
 * Takes the database for a copy, until the connection is closed.
 *
 * @throws StoreError `in-use`
 */
export async function takeForCopy(connection: Connection, place: string): Promise<void> {
  const [lock] = (await connection.run<{ taken: boolean }>(TAKE)).rows;
  if (lock?.taken !== true) {
    throw new StoreError(
      'in-use',
      `another copy uses the database at ${place}, or a server that is just starting`,
    );
  }
  const [living] = (await connection.run<{ count: number; names: string | null }>(LIVING)).rows;
  if (living === undefined || living.count === 0) return;
  const names = living.names === null ? '' : ` (${living.names})`;
  throw new StoreError(
    'in-use',
    `${living.count === 1 ? 'a server or command uses' : `${living.count} servers or commands use`} the database at ` +
      `${place}${names}; stop them. One that was killed counts as running for 15 seconds`,
  );
}
