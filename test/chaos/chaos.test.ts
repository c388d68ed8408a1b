/**
 * Invariant 21: any node, its clock, or the connection to the database may fail at any time, and the database's machine may
 * be lost if it has a synchronous standby. Nothing acknowledged is lost, nothing that was refused is kept, each event and
 * each report is sent, the counters are right, and nothing confirmed is sent again but beside the death of the node that
 * sent it.
 *
 * `npm run chaos` runs it for CHAOS_SECONDS, ten minutes unless set. It is not part of the suite. CHAOS_SEED repeats the
 * choice of faults; CHAOS_FAULT=text keeps to those whose name has it.
 *
 * A long run has rounds, each with a database of its own and its own check at the end: what a round stores, checks and copies
 * to each new standby stays small, and a round that fails takes no other one with it.
 */
import { afterAll, it } from 'vitest';
import { Chance } from '../fuzz/random.js';
import type { Failover } from './database.js';
import { faults } from './faults.js';
import { makeFaults } from './lanes.js';
import { type Offered, startLoad } from './load.js';
import { checkPromises } from './promises.js';
import { NOBODY, World } from './world.js';

const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? 0);
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const ONLY = process.env['CHAOS_FAULT'] ?? '';
/** Runs that are shorter than this leave out what takes long. */
const LONG = 120;
const ROUND_SECONDS = 600;
/** At least one, so that the suite has a test to skip. */
const ROUNDS = Math.max(1, Math.ceil(SECONDS / ROUND_SECONDS));
const NODES = 3;
const TENANTS = 6;
/** Few messages, so that the nodes have time to recover where other work keeps the machine busy, in milliseconds. */
const BETWEEN_MS = 150;
/** How long nodes may take to finish what is left, in milliseconds. */
const SETTLE_MS = 600_000;

const totals = new Map<string, number>();

afterAll(() => {
  if (ROUNDS > 1) console.log(`all rounds: ${JSON.stringify(Object.fromEntries(totals))}`);
});

it.skipIf(SECONDS === 0).each(Array.from({ length: ROUNDS }, (_, round) => round))(
  'loses nothing while nodes, clocks, connections, disks and the database fail (round %i)',
  async (round) => {
    const seed = SEED + round;
    const chances = { node: new Chance(2 * seed), database: new Chance(2 * seed + 1) };
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
    const choices = faults(chances.node, failovers).filter(
      ({ name, needsDevice, long }) =>
        name.includes(ONLY) &&
        (needsDevice !== true || database.hasDevice) &&
        (long !== true || SECONDS >= LONG),
    );
    const load = startLoad(() => world.ports(), world.tenants, recipients, BETWEEN_MS);
    hooks.flaky = 2;
    const start = performance.now();
    const counts = await makeFaults({
      ...{ chances, choices, world, load },
      nodes: NODES,
      eachOnce: round === 0,
      end: start + (SECONDS / ROUNDS) * 1000,
    });
    const seconds = Math.round((performance.now() - start) / 1000);
    hooks.flaky = 0;
    for (let n = 0; n < NODES; n++) world.setClock(n, 0);
    world.note('the end of the load');
    await load.end();
    await world.settled(SETTLE_MS);
    world.note('nothing left to do');
    const figures = await checkPromises(world, load.offered);
    const sums = {
      ...{ rounds: 1, seconds, faults: [...counts.values()].reduce((all, one) => all + one, 0) },
      ...{ ...figures, webhookFailures: hooks.failures },
    };
    for (const each of [Object.entries(sums), [...counts]]) {
      for (const [name, count] of each) totals.set(name, (totals.get(name) ?? 0) + count);
    }
    console.log(
      JSON.stringify({
        ...{ seed, ...sums, refusals: Object.fromEntries(load.refusals) },
        ...{
          byKind: Object.fromEntries(counts),
          failovers: failovers.map((each) => gaps(each, load.offered)),
        },
      }),
    );
  },
  (SECONDS + 1200) * 1000,
);

/** One to three recipients, of which one in twenty is not known. */
function recipients(): string[] {
  const count = 1 + Math.floor(Math.random() * 3);
  const some = Array.from({ length: count }, (_, n) => `you-${n}@example.net`);
  return Math.random() < 0.05 ? [NOBODY, ...some.slice(1)] : some;
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
