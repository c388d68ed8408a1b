// What nodes share costs the messages that they take in: each part has one gateway with it and one without.
import { openPostgresStore } from '../../dist/store/postgres/index.js';
import { inTurns, side } from './in-turns.mjs';
import { startGateway } from './gateway.mjs';

const WORDS = ['--connections', '50', '--size', '1k'];
/** More than one machine takes in, so that none is refused. */
const RATE = '6000000';

export const SHARED_PARTS = {
  rates: {
    title:
      'Durable accept by SMTP to PostgreSQL, 1k, 50 connections: without rates and with rates of all nodes',
    async measure(cluster, options) {
      const without = await startGateway({ url: await cluster.database(), cluster });
      const env = {
        POSTERN_SUBMISSION_MAX_MESSAGES_PER_MINUTE: RATE,
        POSTERN_SUBMISSION_MAX_RECIPIENTS_PER_MINUTE: RATE,
      };
      const rated = await startGateway({ url: await cluster.database(), cluster, env });
      try {
        return await inTurns([side('without', without), side('with', rated)], WORDS, options);
      } finally {
        await rated.stop();
        await without.stop();
      }
    },
  },
  live: {
    title:
      'Durable accept by SMTP to PostgreSQL, 1k, 50 connections: without and with a watcher on another node',
    async measure(cluster, options) {
      const urls = [await cluster.database(), await cluster.database()];
      const without = await startGateway({ url: urls[0], cluster });
      const watched = await startGateway({ url: urls[1], cluster });
      const other = await openPostgresStore({ url: urls[1] });
      let [listed, missed] = [0, 0];
      other.mail.watch('all', { changed: ({ length }) => (listed += length), missed: () => missed++ });
      try {
        const rows = await inTurns([side('without', without), side('with', watched)], WORDS, options);
        return rows.map((row, at) => ({ ...row, ...(at === 0 ? {} : { listed, missed }) }));
      } finally {
        await other.close();
        await watched.stop();
        await without.stop();
      }
    },
  },
};
