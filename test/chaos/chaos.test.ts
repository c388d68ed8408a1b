/**
 * Invariant 21: any node, or the connection to the database, may vanish at any time. Nothing acknowledged is lost, nothing
 * that was refused is kept, and nothing confirmed is sent again but where a node died.
 *
 * `npm run chaos` runs it for CHAOS_SECONDS, ten minutes unless set. It is not part of the suite.
 */
import { expect, it } from 'vitest';
import { pause, startLoad } from './load.js';
import { checkPromises, World } from './world.js';

const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? 0);
const NODES = 3;
const TENANTS = 6;

/** What may go wrong. Each one leaves the world whole again. */
const FAULTS: Readonly<Record<string, (world: World, n: number) => Promise<void>>> = {
  'kill -9 of a node': async (world, n) => {
    await world.nodes[n]?.stop('SIGKILL');
    world.nodes[n] = null;
    await world.start(n);
  },
  'stop of a node in order': async (world, n) => {
    const node = world.nodes[n];
    world.nodes[n] = null;
    await node?.stop('SIGTERM');
    await world.start(n);
  },
  'a node that stands still': async (world, n) => {
    world.nodes[n]?.child.kill('SIGSTOP');
    await pause(1500);
    world.nodes[n]?.child.kill('SIGCONT');
  },
  'connections that are cut': async (world) => {
    world.proxy.cut(4);
  },
  'a network that lets nothing through': async (world) => {
    world.proxy.hold();
    await pause(700);
    world.proxy.release();
  },
  'a database that is stopped': async (world) => {
    await world.cluster.halt('SIGINT');
    await pause(300);
    await world.cluster.start();
  },
  'a database that crashes': async (world) => {
    await world.cluster.halt('SIGQUIT');
    await world.cluster.start();
  },
};

it.skipIf(SECONDS === 0)(
  `loses nothing while ${Object.keys(FAULTS).join(', ')} follow each other`,
  async () => {
    const world = await World.open(NODES, { flaky: 10 });
    const load = startLoad(() => world.ports(), world.token, TENANTS);
    const end = Date.now() + SECONDS * 1000;
    const counts = new Map<string, number>();
    const names = Object.keys(FAULTS);
    // Each kind at least once, then at random.
    for (let at = 0; at < names.length || Date.now() < end; at++) {
      const name = names[at < names.length ? at : Math.floor(Math.random() * names.length)] ?? '';
      const before = load.accepted();
      await FAULTS[name]?.(world, Math.floor(Math.random() * NODES));
      counts.set(name, (counts.get(name) ?? 0) + 1);
      // Everything goes on by itself after each fault.
      await expect.poll(() => load.accepted() - before, { timeout: 60_000, interval: 20 }).toBeGreaterThan(5);
      world.collect();
    }
    await load.end();
    await world.delivered(90_000);
    await checkPromises(world, load.offered, counts.get(names[0] ?? '') ?? 0);
    const outcomes = ['accepted', 'refused', 'unknown'].map(
      (wanted) => `${load.offered.filter(({ outcome }) => outcome === wanted).length} ${wanted}`,
    );
    const again = world.arrived.length - new Set(world.arrived.map(({ key }) => key)).size;
    console.log(
      `${outcomes.join(', ')}; ${again} sent again; faults: ${JSON.stringify(Object.fromEntries(counts))}`,
    );
  },
  (SECONDS + 240) * 1000,
);
