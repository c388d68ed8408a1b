import { SCHEMA_LOCK } from './advisory-locks.js';
import { StoreError } from '../port.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { isLockTimeout } from './errors.js';
import { LEAST_STEPS, MIGRATIONS } from './schema/index.js';

/** How long a change of the schema, or the wait for another node's, may take, in milliseconds. */
const LONGEST_MS = 60 * 60_000;

/**
 * How long a step waits for a lock on a table, and the pause before it is tried again, in milliseconds. While it waits,
 * nodes that use the table wait for it in turn. If one of them has what the step waits for, the step must give up before the
 * server looks for a deadlock, after a second: it would fail the statement of the node.
 */
const LOCK_MS = 500;
const PAUSE_MS = 2_000;

/**
 * Makes or upgrades the schema. Other nodes may run on it meanwhile.
 *
 * @param steps default: those of this version
 * @param least a program that knows fewer steps cannot use the schema. Default: that of this version
 * @throws StoreError `newer` if a newer version of the program has made it
 */
export async function migrate(
  connections: Connections,
  steps: readonly string[] = MIGRATIONS,
  least = LEAST_STEPS,
): Promise<void> {
  const end = performance.now() + LONGEST_MS;
  for (let isDone = false; !isDone;) {
    try {
      isDone = await takeStep(connections, steps, least);
    } catch (error) {
      if (!(error instanceof StoreError) || !isLockTimeout(error.cause) || performance.now() > end)
        throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/**
 * Takes the next step, in a transaction of its own: one that had the locks of several steps would wait for a table while
 * it has another one, and nodes use tables in any order. Returns true if there is none left.
 */
function takeStep(connections: Connections, steps: readonly string[], ownLeast: number): Promise<boolean> {
  return connections.transaction(async (connection) => {
    await connection.exec('SET LOCAL statement_timeout = 0');
    await connection.exec(`SELECT pg_advisory_xact_lock(${SCHEMA_LOCK})`, LONGEST_MS);
    await connection.exec(
      'CREATE TABLE IF NOT EXISTS schema_version (version int NOT NULL, least int NOT NULL)',
    );
    const { version, least } = await versionOf(connection);
    if (least > steps.length) {
      throw new StoreError(
        'newer',
        `the database at ${connections.place} was written by a newer version (schema ${version}, which needs ${least}; ` +
          `this version knows up to ${steps.length}); upgrade, or give another database`,
      );
    }
    const step = steps[version];
    // Steps that this version does not know only added something.
    if (step === undefined) return true;
    await connection.exec(`SET LOCAL lock_timeout = ${LOCK_MS}`);
    await connection.exec(step, LONGEST_MS);
    const isLast = version + 1 === steps.length;
    await connection.exec(
      `DELETE FROM schema_version;
       INSERT INTO schema_version VALUES (${version + 1}, ${isLast ? ownLeast : least})`,
    );
    return isLast;
  });
}

interface Version {
  /** The number of steps taken. */
  readonly version: number;
  /** A program that knows fewer steps cannot use the schema. */
  readonly least: number;
}

async function versionOf(connection: Connection): Promise<Version> {
  const { rows } = await connection.run<Version>({
    name: 'schema_version',
    text: 'SELECT version, least FROM schema_version',
  });
  return rows[0] ?? { version: 0, least: 0 };
}
