/**
 * Makes faults happen, at random, in two lanes: what happens to nodes in one, what happens to the database and the network in
 * the other. So a node is killed while the database crashes, or has just lost its primary. A few faults must be alone.
 */
import type { Chance } from '../fuzz/random.js';
import type { Fault } from './faults.js';
import { type Load, pause } from './load.js';
import type { World } from './world.js';

/** How long it may take until mail is accepted again after a fault, in milliseconds. */
const RECOVERY_MS = 300_000;
/** Messages that must be accepted after a fault before the next one in its lane. */
const RECOVERED = 3;

export interface Plan {
  /** A lane has its own, so that a seed repeats its faults whatever the other lane does. */
  readonly chances: Readonly<Record<Fault['lane'], Chance>>;
  readonly choices: readonly Fault[];
  readonly world: World;
  readonly load: Load;
  readonly nodes: number;
  /** Begin with each kind once. */
  readonly eachOnce: boolean;
  /** On the monotonic clock, in milliseconds. */
  readonly end: number;
}

/** Returns how often each kind of fault happened. Rejects if mail is not accepted again after one. */
export async function makeFaults(plan: Plan): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const turns = new Turns();
  let isOver = false;
  const runLane = async (lane: Fault['lane']): Promise<void> => {
    const choices = plan.choices.filter((fault) => fault.lane === lane);
    if (choices.length === 0) return;
    const first = plan.eachOnce ? choices : [];
    for (let at = 0; !isOver && (at < first.length || performance.now() < plan.end); at++) {
      const fault = first[at] ?? choose(plan.chances[lane], choices);
      await turns.take(fault.alone === true, () => makeFault(plan, fault));
      counts.set(fault.name, (counts.get(fault.name) ?? 0) + 1);
    }
  };
  const lanes = [runLane('node'), runLane('database')];
  await Promise.all(lanes).catch(async (error: unknown) => {
    isOver = true;
    await Promise.allSettled(lanes);
    throw error;
  });
  return counts;
}

async function makeFault({ chances, world, load, nodes }: Plan, fault: Fault): Promise<void> {
  const n = chances[fault.lane].below(nodes);
  world.note(`${fault.name} (${n})`);
  await fault.run(world, n);
  const before = load.accepted();
  const end = performance.now() + RECOVERY_MS;
  // Everything goes on by itself after each fault.
  while (load.accepted() - before < RECOVERED) {
    if (performance.now() > end) throw new Error(`no mail is accepted after ${fault.name}`);
    await pause(20);
  }
  const { database } = world;
  if (fault.lane === 'database' && !database.hasStandby) {
    world.note('a new standby');
    await database.addStandby();
  }
  world.note(`goes on after ${fault.name}`);
}

function choose(chance: Chance, choices: readonly Fault[]): Fault {
  for (;;) {
    const fault = chance.pick(choices);
    if (chance.below(1000) < 1000 * (fault.weight ?? 1)) return fault;
  }
}

/** Lets calls run side by side, but for those that are alone. */
class Turns {
  readonly #running = new Set<Promise<void>>();
  #alone: Promise<void> | null = null;

  async take(alone: boolean, call: () => Promise<void>): Promise<void> {
    while (this.#alone !== null) await this.#alone.catch(() => undefined);
    const others = alone ? [...this.#running] : [];
    const running = Promise.allSettled(others).then(call);
    this.#running.add(running);
    if (alone) this.#alone = running;
    try {
      await running;
    } finally {
      this.#running.delete(running);
      if (alone) this.#alone = null;
    }
  }
}
