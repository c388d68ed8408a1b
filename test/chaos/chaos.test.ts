/**
 * Invariant 21: any node, its clock, or the connection to the database may fail at any time, and the database's machine may
 * be lost if it has a synchronous standby. Nothing acknowledged is lost, nothing that was refused is kept, each event and
 * each report is sent, the counters are right, and nothing confirmed is sent again but beside the death of the node that
 * sent it.
 *
 * `npm run chaos` runs it for CHAOS_SECONDS, ten minutes unless set. It is not part of the suite. CHAOS_SEED repeats the
 * choice of faults; CHAOS_FAULT=text keeps to those whose name has it.
 */
import { expect, it } from 'vitest';
import { Chance } from '../fuzz/random.js';
import type { Failover } from './database.js';
import { type Fault, faults } from './faults.js';
import { type Offered, startLoad } from './load.js';
import { checkPromises } from './promises.js';
import { NOBODY, World } from './world.js';

const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? 0);
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const ONLY = process.env['CHAOS_FAULT'] ?? '';
/** Runs that are shorter than this leave out what takes long. */
const LONG = 120;
const NODES = 3;
const TENANTS = 6;

it.skipIf(SECONDS === 0)(
  'loses nothing while nodes, clocks, connections, disks and the database fail',
  async () => {
    const chance = new Chance(SEED);
    const failovers: Failover[] = [];
    const world = await World.open({
      nodes: NODES,
      tenants: TENANTS,
      flaky: 10,
      standby: true,
      device: true,
    });
    const { database, hooks } = world;
    if (!database.hasDevice) console.log('left out, since no device can be mounted here: a full disk');
    const choices = faults(chance, failovers).filter(
      ({ name, needsDevice, long }) =>
        name.includes(ONLY) &&
        (needsDevice !== true || database.hasDevice) &&
        (long !== true || SECONDS >= LONG),
    );
    const load = startLoad(
      () => world.ports(),
      world.tenants,
      () => recipients(chance),
    );
    hooks.flaky = 2;
    const start = performance.now();
    const end = start + SECONDS * 1000;
    const counts = new Map<string, number>();
    // Each kind at least once, then at random.
    for (let at = 0; at < choices.length || performance.now() < end; at++) {
      const fault = choices[at] ?? choose(chance, choices);
      const before = load.accepted();
      const n = chance.below(NODES);
      world.note(`${fault.name} (${n})`);
      await fault.run(world, n);
      counts.set(fault.name, (counts.get(fault.name) ?? 0) + 1);
      // Everything goes on by itself after each fault.
      await expect
        .poll(() => load.accepted() - before, { timeout: 120_000, interval: 20 })
        .toBeGreaterThan(5);
      if (!database.hasStandby) {
        world.note('a new standby');
        await database.addStandby();
      }
      world.note('goes on');
    }
    const seconds = Math.round((performance.now() - start) / 1000);
    hooks.flaky = 0;
    for (let n = 0; n < NODES; n++) world.setClock(n, 0);
    world.note('the end of the load');
    await load.end();
    await world.settled(300_000);
    world.note('nothing left to do');
    const figures = await checkPromises(world, load.offered);
    const sum = [...counts.values()].reduce((all, one) => all + one, 0);
    console.log(
      JSON.stringify({
        ...{ seed: SEED, seconds, faults: sum, ...figures },
        ...{ webhookFailures: hooks.failures, refusals: Object.fromEntries(load.refusals) },
        ...{
          byKind: Object.fromEntries(counts),
          failovers: failovers.map((each) => gaps(each, load.offered)),
        },
      }),
    );
  },
  (SECONDS + 600) * 1000,
);

/** One to three recipients, of which one in twenty is not known. */
function recipients(chance: Chance): string[] {
  const some = Array.from({ length: 1 + chance.below(3) }, (_, n) => `you-${n}@example.net`);
  return chance.once(20) ? [NOBODY, ...some.slice(1)] : some;
}

function choose(chance: Chance, choices: readonly Fault[]): Fault {
  for (;;) {
    const fault = chance.pick(choices);
    if (chance.below(1000) < 1000 * (fault.weight ?? 1)) return fault;
  }
}

/** Milliseconds from the kill, and from the promotion, to the first message that was accepted afterwards. */
function gaps({ killedAt, promotedAt }: Failover, offered: readonly Offered[]) {
  const first = Math.min(
    ...offered
      .filter(({ outcome, sentAt }) => outcome === 'accepted' && sentAt > killedAt)
      .map(({ answeredAt }) => answeredAt),
  );
  return {
    promotion: Math.round(promotedAt - killedAt),
    fromKill: Math.round(first - killedAt),
    fromPromotion: Math.round(first - promotedAt),
  };
}
