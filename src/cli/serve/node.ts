import type { Config } from '../../config/index.js';
import type { NodeLoad, Nodes } from '../../store/nodes.js';
import { version } from '../version.js';

/** What a server counts of what it has in hand. */
interface InHand {
  readonly connections: () => number;
  readonly delivering: () => number;
}

/** Lists this server among the nodes of its store. */
export async function startNode({ hostname }: Config, nodes: Nodes, inHand: InHand): Promise<void> {
  await nodes.announce({ name: hostname, version: await version(), process: process.pid }, loadOf(inHand));
}

/** Returns a function that says what the server has in hand, and what it used since it was called before. */
function loadOf({ connections, delivering }: InHand): () => NodeLoad {
  let before = { at: process.hrtime.bigint(), used: process.cpuUsage() };
  return () => {
    const at = process.hrtime.bigint();
    const { user, system } = process.cpuUsage(before.used);
    const passed = Math.max(1, Number(at - before.at) / 1000);
    before = { at, used: process.cpuUsage() };
    return {
      connections: connections(),
      delivering: delivering(),
      memory: process.memoryUsage.rss(),
      cpu: Math.round(((user + system) / passed) * 1000) / 1000,
    };
  };
}
