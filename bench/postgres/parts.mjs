// What bench/postgres.mjs can measure. A part gets a server of its own and returns rows of figures.
import { pairedRatio } from '../suite/statistics.mjs';
import { startGateway } from './gateway.mjs';
import { inTurns, medians, side } from './in-turns.mjs';
import { measureCost } from './cost.mjs';
import { PROCESSES_PARTS } from './processes.mjs';
import { fillQueue, holdSnapshot, measureQueue, prepareQueue } from './queue.mjs';
import { SEVERAL_PARTS } from './several.mjs';
import { SHARED_PARTS } from './shared.mjs';

const CLAIMERS = 3;

/** Accept by SMTP to a data folder and to a database. */
function accept(connections, size) {
  return {
    title: `Durable accept by SMTP: SQLite and PostgreSQL in turns, ${size}, ${connections} connections`,
    async measure(cluster, options) {
      const sqlite = await startGateway();
      const postgres = await startGateway({ url: await cluster.database(), cluster });
      try {
        const words = ['--connections', String(connections), '--size', size];
        return await inTurns([side('SQLite', sqlite), side('PostgreSQL', postgres)], words, options);
      } finally {
        await postgres.stop();
        await sqlite.stop();
      }
    },
  };
}

export const PARTS = {
  'accept-50': accept(50, '1k'),
  'accept-1': accept(1, '1k'),
  'accept-64k': accept(50, '64k'),
  ...SHARED_PARTS,
  ...SEVERAL_PARTS,
  ...PROCESSES_PARTS,
  cost: {
    title: 'What a message costs from acceptance to delivery',
    async measure(cluster, options) {
      const rows = [];
      for (const size of ['1k', '16k', '64k']) rows.push(await measureCost(cluster, size, options));
      return rows;
    },
  },
  queue: {
    title: `Lease and settle: ${CLAIMERS} claimers in turns on a queue with few messages and on one with many`,
    async measure(cluster, { rounds, seconds, few, many }) {
      const queues = [few, many].map((waiting) => ({ waiting, runs: [] }));
      for (const queue of queues) {
        queue.url = await cluster.database();
        await prepareQueue(queue.url);
        await fillQueue(queue.url, queue.waiting);
      }
      // The first round is not counted: files grow, and caches get warm.
      for (let round = -1; round < rounds; round++) {
        for (const { url, runs } of queues) {
          const run = await measureQueue({ url, server: cluster.pid, claimers: CLAIMERS, seconds });
          if (round >= 0) runs.push(run);
        }
      }
      const [base] = queues;
      return queues.map(({ waiting, runs }) => ({ waiting, ...medians(runs), ...ratios(runs, base.runs) }));
    },
  },
  snapshot: {
    title: 'One snapshot that is held open elsewhere: lease and settle without it and with it',
    async measure(cluster, { rounds, seconds, few }) {
      const url = await cluster.database();
      await prepareQueue(url);
      const runs = { without: [], with: [] };
      for (let round = -1; round < rounds; round++) {
        for (const name of ['without', 'with']) {
          await fillQueue(url, few);
          const end = name === 'with' ? await holdSnapshot(url) : () => undefined;
          const run = await measureQueue({ url, server: cluster.pid, claimers: CLAIMERS, seconds });
          await end();
          if (round >= 0) runs[name].push(run);
        }
      }
      return Object.entries(runs).map(([snapshot, of]) => ({
        snapshot,
        ...medians(of),
        ...ratios(of, runs.without),
      }));
    },
  },
};

/** Of messages a second, and of the processor time of all sides. */
function ratios(runs, base) {
  const rate = (of) => of.map((run) => run.alone);
  const time = (of) => of.map((run) => run.clientMicros + run.serverMicros);
  return {
    ratio: pairedRatio(rate(runs), rate(base)).ratio,
    timeRatio: pairedRatio(time(runs), time(base)).ratio,
  };
}
