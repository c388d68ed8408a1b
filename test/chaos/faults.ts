/** The faults of the run. Each one leaves everything in working order again. */
import type { Chance } from '../fuzz/random.js';
import type { Failover } from './database.js';
import { pause } from './load.js';
import type { World } from './world.js';

export interface Fault {
  readonly name: string;
  /** What it happens to. */
  readonly lane: 'node' | 'database';
  /** Nothing else may fail meanwhile: what must hold of the node then would not be known. */
  readonly alone?: true;
  /** Makes it happen; `n` is a node. */
  readonly run: (world: World, n: number) => Promise<unknown>;
  /** How often it is chosen, beside the others. Default: 1. Faults that take long are rarer. */
  readonly weight?: number;
  /** Only where the database has a device of its own. */
  readonly needsDevice?: true;
  /** Only in a run that has time for it. */
  readonly long?: true;
}

/** The clock of a node jumps by so much at most, in milliseconds. */
const JUMP = 3_600_000;

/** @param failovers where to note how the primary was lost */
export function faults(chance: Chance, failovers: Failover[]): Fault[] {
  return [
    {
      name: 'kill -9 of a node',
      lane: 'node',
      weight: 0.05,
      run: async (world, n) => {
        await world.end(n, 'SIGKILL');
        await world.start(n);
      },
    },
    {
      name: 'stop of a node in order',
      lane: 'node',
      // While the database is away, it cannot write down what it has sent, nor wait for ever.
      alone: true,
      weight: 0.04,
      run: async (world, n) => {
        await world.end(n, 'SIGTERM');
        await world.start(n);
      },
    },
    {
      name: 'a node that stands still',
      lane: 'node',
      run: (world, n) => world.pause(n, 1500, false),
    },
    {
      name: 'a node that stands still for longer than its leases',
      lane: 'node',
      alone: true,
      run: (world, n) => world.pause(n, 22_000, true),
      weight: 0.01,
      long: true,
    },
    {
      name: 'a clock that jumps',
      lane: 'node',
      run: async (world, n) => {
        world.setClock(n, chance.below(2 * JUMP) - JUMP);
        await pause(700);
      },
    },
    {
      name: 'connections that are cut',
      lane: 'database',
      run: (world) => Promise.resolve(world.database.proxy.cut(4)),
    },
    {
      name: 'a network that lets nothing through',
      lane: 'database',
      run: async ({ database: { proxy } }) => {
        proxy.hold();
        await pause(700);
        proxy.release();
      },
    },
    {
      name: 'a database that is stopped',
      lane: 'database',
      weight: 0.3,
      run: async ({ database }) => {
        await database.primary.halt('SIGINT');
        await pause(300);
        await database.primary.start();
      },
    },
    {
      name: 'a database that is away for longer than nodes count as alive',
      lane: 'database',
      alone: true,
      run: async ({ database }) => {
        await database.primary.halt('SIGINT');
        await pause(20_000);
        await database.primary.start();
      },
      weight: 0.01,
      long: true,
    },
    {
      name: 'a database that crashes',
      lane: 'database',
      weight: 0.3,
      run: async ({ database }) => {
        await database.primary.halt('SIGQUIT');
        await database.primary.start();
      },
    },
    {
      name: 'kill -9 of the primary, its standby promoted',
      lane: 'database',
      weight: 0.06,
      run: async ({ database }) => {
        await database.synchronous();
        failovers.push(await database.fail());
      },
    },
    {
      name: 'a full disk',
      lane: 'database',
      run: async ({ database }) => {
        await database.fill();
        await pause(1500);
        database.makeRoom();
      },
      weight: 0.2,
      needsDevice: true,
    },
  ];
}
