// Measures the cost of more than one node, and of more than one server of the database.
import { openPostgresStore } from '../../dist/store/postgres/index.js';
import { variantWithout } from '../api/gateway.mjs';
import { percentile } from '../suite/statistics.mjs';
import { query } from './cluster.mjs';
import { startGateway } from './gateway.mjs';
import { inTurns, side } from './in-turns.mjs';
import { measureWakeUps } from './wake.mjs';

export const SEVERAL_PARTS = {
  'wake-ups': {
    title:
      'Accept with wake-ups of other nodes and without, 1k, 50 connections; how soon another node has a message leased',
    async measure(cluster, options) {
      // Mail comes onto the queue, so that there is something to signal, but neither side delivers it.
      const idle = ['delivery/queue/lease-loop.js', '    start() {'];
      const quiet = variantWithout([idle, ['store/postgres/signals.js', '    send(kind) {']]);
      const loud = variantWithout([idle]);
      const env = { POSTERN_DELIVER: 'smtp://127.0.0.1:9' };
      const urls = [await cluster.database(), await cluster.database()];
      const without = await startGateway({ url: urls[0], cluster, env, program: quiet.program });
      const sender = await startGateway({ url: urls[1], cluster, env, program: loud.program });
      // They listen, as each node does.
      const others = await Promise.all(urls.map((url) => openPostgresStore({ url })));
      let woken = 0;
      for (const { queue } of others) queue.watch(() => woken++);
      try {
        const sides = [side('without', without), side('with', sender)];
        const rows = await inTurns(sides, ['--connections', '50', '--size', '1k'], options);
        const times = await measureWakeUps(await cluster.database(), options.rounds * 40);
        const figures = { p50: percentile(times, 0.5) * 1000, p99: percentile(times, 0.99) * 1000 };
        return [...rows, { side: 'leased by another node', ...figures, woken }];
      } finally {
        for (const other of others) await other.close();
        for (const gateway of [sender, without]) await gateway.stop();
        quiet.remove();
        loud.remove();
      }
    },
  },
  standby: {
    title: 'A synchronous standby and none, 1k, 50 connections',
    async measure(cluster, options) {
      await cluster.standby();
      const gateway = await startGateway({ url: await cluster.database(), cluster });
      const set = (names) => async () => {
        await query(cluster.admin, `ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
        await query(cluster.admin, 'SELECT pg_reload_conf()');
      };
      try {
        const none = { ...side('none', gateway), before: set('') };
        const one = { ...side('one', gateway), before: set('ANY 1 (standby1)') };
        return await inTurns([none, one], ['--connections', '50', '--size', '1k'], options);
      } finally {
        await set('')();
        await gateway.stop();
      }
    },
  },
  nodes: {
    title:
      'Two nodes and one on one machine and database, 1k, 25 connections to each: look at the time for a message',
    async measure(cluster, options) {
      const url = await cluster.database();
      const first = await startGateway({ url, cluster });
      const second = await startGateway({ url, cluster, token: first.token });
      try {
        const sides = [side('one node', first), side('two nodes', first, second)];
        return await inTurns(sides, ['--connections', '25', '--size', '1k'], options);
      } finally {
        await second.stop();
        await first.stop();
      }
    },
  },
};
