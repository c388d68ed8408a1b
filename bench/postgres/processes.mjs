// What a second process on the same machine gains: the sink and the gateway on a database, each with one process and with
// two, and a gateway on a data folder beside them. For the model in docs/scaling.md.
import { fileURLToPath } from 'node:url';
import { freePort, serve } from '../suite/processes.mjs';
import { load, startGateway } from './gateway.mjs';
import { inTurns, side } from './in-turns.mjs';

const POSTERN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** `postern sink`: the library, with a handler that drops what it gets. */
async function startSink(threads) {
  const port = await freePort();
  const words = ['sink', '--listen', `smtp://127.0.0.1:${port}?auth=optional`, '--threads', String(threads)];
  const server = await serve(['node', POSTERN, ...words], port, { unpinned: true });
  return { ...server, port, token: 'bench', database: null };
}

/** Adds how many cores servers and database keep busy. */
function withCores(row) {
  const { rate, gatewayMicros, databaseMicros } = row;
  return { ...row, coresBusy: (rate * (gatewayMicros + databaseMicros)) / 1e6 };
}

/**
 * Adds what two processes would do with a core each, to one process: twice as much, if a message cost the same. On a
 * machine where they share their cores with generator and database, rates do not show it.
 */
function gainOf([one, two]) {
  return [withCores(one), { ...withCores(two), gain: (2 * one.gatewayMicros) / two.gatewayMicros }];
}

/** Enough that two processes have as much to write together as one. */
const LOAD = ['--connections', '100', '--size', '1k'];

async function comparedOf(servers, names, options) {
  try {
    // Each process compiles its own code: what it costs in the first seconds says nothing of later.
    for (const server of servers) await load([server], LOAD, 2 * options.seconds);
    const sides = servers.map((server, at) => side(names[at], server));
    return await inTurns(sides, LOAD, options);
  } finally {
    for (const server of servers) await server.stop();
  }
}

export const PROCESSES_PARTS = {
  processes: {
    title:
      'One process and two, 1k, 100 connections: look at the time for a message, and at the gain made of it',
    async measure(cluster, options) {
      const sinks = [await startSink(1), await startSink(2)];
      const sunk = await comparedOf(sinks, ['sink', 'sink, 2 processes'], options);
      const folder = [await startGateway()];
      const kept = await comparedOf(folder, ['SQLite'], options);
      const url = await cluster.database();
      const first = await startGateway({ url, cluster });
      const both = { url, cluster, token: first.token, env: { POSTERN_PROCESSES: '2' } };
      const shared = [first, await startGateway(both)];
      const stored = await comparedOf(shared, ['PostgreSQL', 'PostgreSQL, 2 processes'], options);
      return [...gainOf(sunk), ...kept.map(withCores), ...gainOf(stored)];
    },
  },
};
