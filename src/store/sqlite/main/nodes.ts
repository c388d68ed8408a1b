import type { NodeFacts, NodeLoad, Nodes } from '../../nodes.js';

/** Returns the nodes of a store that one server has to itself: that server, if it is this process. */
export function singleNode(now: () => number): Nodes {
  let own: { facts: NodeFacts; startedAt: number; load: () => NodeLoad } | null = null;
  let draining = false;
  return {
    announce: async (facts, load) => {
      own = { facts, startedAt: now(), load };
    },
    drain: async () => {
      draining = true;
    },
    running: 1,
    oldestTransaction: async () => 0,
    list: async () => {
      if (own === null) return [];
      const { facts, startedAt, load } = own;
      return [
        { id: 0, ...facts, startedAt, seenAt: now(), state: draining ? 'draining' : 'running', load: load() },
      ];
    },
  };
}
