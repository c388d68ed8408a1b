// What a message costs on PostgreSQL from its acceptance to its delivery: for the sizes in docs/guides/scaling.md.
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { freePort, processorTime, serve } from '../suite/processes.mjs';
import { query } from './cluster.mjs';
import { load, startGateway } from './gateway.mjs';

const POSTERN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const STATE = `SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal, pg_database_size(current_database()) AS octets,
  (SELECT count(*)::int FROM message) AS messages, (SELECT count(*)::int FROM queue) AS waiting`;

/**
 * Accepts messages by SMTP and delivers each to a sink at the same time.
 *
 * @param {string} size of a message, as for `postern bench`
 */
export async function measureCost(cluster, size, { seconds }) {
  const port = await freePort();
  const sink = await serve(['node', POSTERN, 'sink', '--listen', `smtp://127.0.0.1:${port}`], port, {
    unpinned: true,
  });
  const url = await cluster.database();
  const gateway = await startGateway({ url, cluster, env: { POSTERN_DELIVER: `smtp://127.0.0.1:${port}` } });
  try {
    const words = ['--connections', '20', '--size', size];
    const done = async () => {
      for (;;) {
        const [state] = await query(url, STATE);
        if (state.waiting === 0) return state;
        await setTimeout(200);
      }
    };
    // Code is compiled, and connections are opened.
    await load([gateway], words, Math.min(seconds, 3));
    const before = await done();
    const times = () => [gateway.pid, cluster.pid].map((pid) => processorTime(pid));
    const spent = times();
    await load([gateway], words, seconds);
    const after = await done();
    const [gatewayTime, databaseTime] = times().map((time, at) => time - spent[at]);
    const messages = after.messages - before.messages;
    return {
      size,
      messages,
      gatewayMicros: (gatewayTime * 1000) / messages,
      databaseMicros: (databaseTime * 1000) / messages,
      walOctets: (after.wal - before.wal) / messages,
      diskOctets: (after.octets - before.octets) / messages,
    };
  } finally {
    await gateway.stop();
    await sink.stop();
  }
}
