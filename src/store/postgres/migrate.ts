import { SCHEMA_LOCK } from './advisory-locks.js';
import { StoreError } from '../port.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { isLockTimeout } from './errors.js';
import { LEAST_STEPS, MIGRATIONS } from './schema/index.js';

/**
 * The longest time for one step, for the wait until another node has run its step, and until a step that gets no lock is
 * given up, in milliseconds.
 */
const LONGEST_MS = 60 * 60_000;

/**
 * How long a step waits for a lock on a table, and the pause before it is tried again, in milliseconds. While a step waits,
 * each node that starts to use the table waits for the step. If such a node holds the lock that the step needs, this is a
 * deadlock. PostgreSQL looks for deadlocks after one second and may cancel the statement of the node, so the step gives up
 * earlier.
 */
const LOCK_MS = 500;
const PAUSE_MS = 2_000;

/**
 * Creates or upgrades the schema. Other nodes may use the database meanwhile.
 *
 * @param steps all steps in order. Default: those of this version
 * @param least how many steps a version must know to use the schema. Default: the number of this version
 * @throws StoreError `newer` if the schema needs a newer version of the program
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
 * Runs the next step, in a transaction of its own. Returns true if no step is left.
 *
 * A transaction that ran several steps would hold a lock on one table while it waits for another table. Nodes lock tables
 * in any order, so that would lead to deadlocks.
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
    // If a newer version has run further steps, these only added to the schema, so this version can use it.
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
  /** How many steps a version must know to use the schema. */
  readonly least: number;
}

async function versionOf(connection: Connection): Promise<Version> {
  const { rows } = await connection.run<Version>({
    name: 'schema_version',
    text: 'SELECT version, least FROM schema_version',
  });
  return rows[0] ?? { version: 0, least: 0 };
}
