import { StoreError } from '../port.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { MIGRATIONS } from './schema/index.js';

/** The lock under which the schema is changed, by one node at a time: "PSTN". */
const LOCK = 0x5053544e;

/** How long a change of the schema, or the wait for another node's, may take, in milliseconds. */
const LONGEST_MS = 60 * 60_000;

/**
 * Makes or upgrades the schema.
 *
 * @throws StoreError `newer` if a newer version of the program has made it
 */
export function migrate(connections: Connections): Promise<void> {
  return connections.transaction(async (connection) => {
    await connection.exec('SET LOCAL statement_timeout = 0');
    await connection.exec(`SELECT pg_advisory_xact_lock(${LOCK})`, LONGEST_MS);
    await connection.exec('CREATE TABLE IF NOT EXISTS schema_version (version int NOT NULL)');
    const version = await versionOf(connection);
    if (version > MIGRATIONS.length) {
      throw new StoreError(
        'newer',
        `the database at ${connections.place} was written by a newer version (schema ${version}, ` +
          `this version knows up to ${MIGRATIONS.length}); upgrade, or give another database`,
      );
    }
    if (version === MIGRATIONS.length) return;
    for (const step of MIGRATIONS.slice(version)) await connection.exec(step, LONGEST_MS);
    await connection.exec(
      `DELETE FROM schema_version; INSERT INTO schema_version VALUES (${MIGRATIONS.length})`,
    );
  });
}

async function versionOf(connection: Connection): Promise<number> {
  const { rows } = await connection.run<{ version: number }>({
    name: 'schema_version',
    text: 'SELECT version FROM schema_version',
  });
  return rows[0]?.version ?? 0;
}
