/** The faults of the run. Each one leaves everything in working order again. */
import type { Chance } from '../fuzz/random.js';
import type { Failover } from './database.js';
import { pause } from './load.js';
import type { World } from './world.js';

export interface Fault {
  readonly name: string;
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
      weight: 0.2,
      run: async (world, n) => {
        await world.end(n, 'SIGKILL');
        await world.start(n);
      },
    },
    {
      name: 'stop of a node in order',
      weight: 0.1,
      run: async (world, n) => {
        await world.end(n, 'SIGTERM');
        await world.start(n);
      },
    },
    { name: 'a node that stands still', run: (world, n) => world.pause(n, 1500, false) },
    {
      name: 'a node that stands still for longer than its leases',
      run: (world, n) => world.pause(n, 22_000, true),
      weight: 0.05,
      long: true,
    },
    {
      name: 'a clock that jumps',
      run: async (world, n) => {
        world.setClock(n, chance.below(2 * JUMP) - JUMP);
        await pause(700);
      },
      // An event that is written at the moment at which a clock is put back may wait as long: docs/reliability.md.
      long: true,
    },
    {
      name: 'connections that are cut',
      run: (world) => Promise.resolve(world.database.proxy.cut(4)),
    },
    {
      name: 'a network that lets nothing through',
      run: async ({ database: { proxy } }) => {
        proxy.hold();
        await pause(700);
        proxy.release();
      },
    },
    {
      name: 'a database that is stopped',
      run: async ({ database }) => {
        await database.primary.halt('SIGINT');
        await pause(300);
        await database.primary.start();
      },
    },
    {
      name: 'a database that is away for longer than nodes count as alive',
      run: async ({ database }) => {
        await database.primary.halt('SIGINT');
        await pause(20_000);
        await database.primary.start();
      },
      weight: 0.05,
      long: true,
    },
    {
      name: 'a database that crashes',
      run: async ({ database }) => {
        await database.primary.halt('SIGQUIT');
        await database.primary.start();
      },
    },
    {
      name: 'kill -9 of the primary, its standby promoted',
      weight: 0.15,
      run: async ({ database }) => {
        await database.synchronous();
        failovers.push(await database.fail());
      },
    },
    {
      name: 'a full disk',
      run: async ({ database }) => {
        database.fill();
        await pause(1500);
        database.makeRoom();
      },
      needsDevice: true,
    },
  ];
}
