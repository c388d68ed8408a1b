/** SQL for the list of nodes. */
import type { Nodes, NodeState } from '../nodes.js';
import type { Connections } from './connections.js';
import type { Node } from './node.js';
import { oldestTransaction } from './open-transactions.js';

const MILLISECONDS = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::int8`;
/** A node that left in order has a heartbeat that ended before all times. */
const LIST = {
  name: 'node_list',
  text: `SELECT slot AS id, name, version, process, ${MILLISECONDS('started_at')} AS "startedAt",
      ${MILLISECONDS('beat_at')} AS "seenAt", load,
      CASE WHEN heartbeat_until < now() THEN 'silent' WHEN draining THEN 'draining' ELSE 'running' END AS state
    FROM node WHERE name IS NOT NULL AND heartbeat_until > now() - interval '1 day' ORDER BY started_at, slot`,
};

/** @param onAnnounced called when this process becomes a server */
export function postgresNodes(connections: Connections, node: Node, onAnnounced: () => void): Nodes {
  return {
    announce: (facts, load) => {
      onAnnounced();
      return node.announce(facts, load);
    },
    drain: () => node.drain(),
    get running() {
      return node.running;
    },
    oldestTransaction: () => oldestTransaction(connections),
    list: async () => (await connections.run<NodeState>(LIST)).rows,
  };
}
