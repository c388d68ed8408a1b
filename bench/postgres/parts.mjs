// What bench/postgres.mjs can measure. A part gets a server of its own and returns rows of figures.
import { median, pairedRatio } from '../suite/statistics.mjs';
import { fillQueue, holdSnapshot, measureQueue, prepareQueue } from './queue.mjs';

const CLAIMERS = 3;

/** The medians of the figures of some runs. */
export function medians(runs) {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run[name]))]));
}

export const PARTS = {
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
