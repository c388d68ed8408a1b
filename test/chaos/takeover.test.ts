/**
 * How soon other nodes try the mail that a node has leased: after its death, and when it stops in order. It measures, and
 * checks that each message arrives once. CHAOS_TAKEOVERS=10 has ten of each; it is not part of the suite.
 */
import { expect, it } from 'vitest';
import { pause, startLoad } from './load.js';
import { World } from './world.js';

const TIMES = Number(process.env['CHAOS_TAKEOVERS'] ?? 0);
const NODES = 2;
/** What may have ended a node waits until the next one has lived for so long, in milliseconds: docs/delivery.md. */
const QUIET_MS = 31_000;
/** Messages that a node must have leased before it ends. */
const LEASED = 30;
const LONGEST_MS = 60_000;

it.skipIf(TIMES === 0).each([
  ['dies', 'SIGKILL'],
  ['stops in order', 'SIGTERM'],
] as const)(
  'other nodes try what a node had leased that %s',
  async (what, signal) => {
    const world = await World.open({ nodes: NODES, tenants: 2 });
    // Milliseconds from the signal to the first and the last message that another node sent, and to the end of the process.
    const found: { first: number; last: number; ended: number }[] = [];
    await pause(QUIET_MS);
    // The other node lives on.
    const n = 1;
    for (let time = 0; time < TIMES; time++) {
      const name = world.nameOf(n) ?? '';
      let open = (): void => undefined;
      const opened = new Promise<void>((resolve) => (open = resolve));
      // Nothing is delivered until the node ends.
      world.remote.behave = async ({ phase }) => {
        if (phase === 'rcpt') await opened;
        return undefined;
      };
      const load = startLoad(() => [world.node(n)?.port ?? 0], world.tenants);
      while ((await leasedBy(world, name)).length < LEASED) await pause(20);
      await load.end();
      const leased = await leasedBy(world, name);
      const start = performance.now();
      const ended = world.end(n, signal).then(() => performance.now() - start);
      open();
      const arrived = await allOf(world, leased);
      const times = arrived.filter(({ node }) => node !== name).map(({ at }) => at - start);
      found.push({ first: Math.min(...times), last: Math.max(...times), ended: await ended });
      await world.settled(LONGEST_MS);
      await world.start(n);
    }
    const keys = world.arrived.map(({ key }) => key);
    expect(new Set(keys).size, 'each message arrives once').toBe(keys.length);
    const figures = (['first', 'last', 'ended'] as const).map((of) => {
      const sorted = found.map((each) => Math.round(each[of])).sort((a, b) => a - b);
      return [of, { median: sorted[sorted.length >> 1], longest: sorted.at(-1) }] as const;
    });
    console.log(JSON.stringify({ what, times: TIMES, ...Object.fromEntries(figures) }));
  },
  (TIMES + 1) * 2 * LONGEST_MS,
);

/** Waits for the messages with these subjects. */
async function allOf(world: World, keys: readonly string[]): Promise<World['arrived']> {
  const end = performance.now() + LONGEST_MS;
  for (;;) {
    world.collect();
    const arrived = world.arrived.filter(({ key }) => keys.includes(key));
    if (arrived.length >= keys.length) return arrived;
    expect(performance.now(), 'all arrive in time').toBeLessThan(end);
    await pause(10);
  }
}

/** The subjects of the messages that a run has leased. */
async function leasedBy(world: World, name: string): Promise<string[]> {
  const rows =
    await world.sql(`SELECT subject FROM queue JOIN node USING (slot) JOIN message ON message.id = message_id
    WHERE lease IS NOT NULL AND node.name = '${name}'`);
  return rows.map(({ subject }) => String(subject));
}
