/** The requirements on the server, and the settings of each connection. */
import { StoreError } from '../port.js';

/** The oldest version that the statements are written for: 14. */
const LEAST_VERSION = 140_000;
/**
 * How long a statement may run, in milliseconds. The server ends it then, so that nothing runs on that nobody waits
 * for; it is less than the time after which a connection is given up.
 */
const STATEMENT_MS = 14_000;
/** A transaction that is left open keeps the server from cleaning up, so the server ends it after this time. */
const IDLE_TRANSACTION_MS = 5_000;

export interface ServerFacts {
  readonly version: number;
  readonly standby: boolean;
  readonly readOnly: boolean;
  readonly fsync: string;
  readonly fullPageWrites: string;
  readonly synchronousCommit: string;
  /** The process that serves the connection. Behind a pool it is not the one that the client was told of. */
  readonly process: number;
}

export const FACTS = `
  SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS standby,
    current_setting('transaction_read_only')::boolean AS "readOnly", current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS "fullPageWrites",
    current_setting('synchronous_commit') AS "synchronousCommit", pg_backend_pid() AS process`;

/**
 * Settings for the session. They are statements, not parameters of the connection, since pools refuse parameters that they
 * do not know.
 */
export const SETTINGS = `
  SET idle_in_transaction_session_timeout = ${IDLE_TRANSACTION_MS};
  SET statement_timeout = ${STATEMENT_MS};
  SET lock_timeout = 0;
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

/** @throws StoreError if the server cannot have the store */
export function checkServer({ version, standby, readOnly }: ServerFacts, place: string): void {
  if (version < LEAST_VERSION) {
    // From version 10 on, a version is two numbers: 13.22 is 130022.
    const shown = `${Math.floor(version / 10_000)}.${version % 10_000}`;
    throw new StoreError(
      'unreadable',
      `the server at ${place} is PostgreSQL ${shown}, which is too old: 14 or newer is needed`,
    );
  }
  if (standby || readOnly) throw new StoreError('failed', readOnlyText(place));
}

export function readOnlyText(place: string): string {
  return `the database at ${place} is read-only, as on a standby; name the host that takes writes, or all hosts`;
}

/** Returns what an operator should know of a server that has the store, one sentence each. */
export function serverWarnings(facts: ServerFacts, place: string): string[] {
  const warnings: string[] = [];
  if (facts.fsync === 'off') {
    warnings.push(
      `fsync is off at ${place}: if that machine fails, accepted messages and the whole database may be lost`,
    );
  }
  if (facts.fullPageWrites === 'off') {
    warnings.push(`full_page_writes is off at ${place}: if that machine fails, the database may be damaged`);
  }
  if (facts.synchronousCommit === 'off') {
    warnings.push(
      `synchronous_commit is off at ${place}: this program sets it to "on" for its own connections, so that ` +
        'accepted messages are safe',
    );
  }
  return warnings;
}
