/** Checks that run once, before the database is used. */
import { StoreError } from '../port.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { transactionPoolText } from './errors.js';
import { serverWarnings } from './server.js';

/** How often two connections are compared: another client of the pool may come in between. */
const COMPARISONS = 5;
// Not prepared: that is what such a pool breaks.
const PROCESS = { name: '', text: 'SELECT pg_backend_pid() AS process' };

/**
 * Checks the server before the schema is touched.
 *
 * @returns what an operator should know, one sentence each
 * @throws StoreError if the database cannot be opened or cannot be used in this way
 */
export function checkOpening(connections: Connections): Promise<string[]> {
  return connections.with(async (connection) => {
    if (connection.isPooled) await refuseTransactionPool(connections, connection);
    return serverWarnings(connection.facts, connections.place);
  });
}

/**
 * Refuses a pool that gives each transaction another connection: prepared statements and LISTEN need one of their own.
 * With such a pool, two clients that are both connected are served by one process of the server in turn.
 */
async function refuseTransactionPool(connections: Connections, first: Connection): Promise<void> {
  const second = await connections.open();
  try {
    for (let n = 0; n < COMPARISONS; n++) {
      if ((await processOf(first)) === (await processOf(second))) {
        throw new StoreError('unreadable', transactionPoolText(connections.place));
      }
    }
  } finally {
    await second.close();
  }
}

async function processOf(connection: Connection): Promise<number | undefined> {
  const { rows } = await connection.run<{ process: number }>(PROCESS);
  return rows[0]?.process;
}
