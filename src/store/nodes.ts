/** The contract of nodes: the servers that share a store. Part of `port.ts`. */

/** The facts that a server reports about itself when it starts. */
export interface NodeFacts {
  /** The name of the server, for people. Several nodes may have the same one. */
  readonly name: string;
  readonly version: string;
  /** The number of the process on its machine. */
  readonly process: number;
}

/** What a server has in hand. */
export interface NodeLoad {
  /** Open connections of SMTP. */
  readonly connections: number;
  /** Messages that it holds a lease on. */
  readonly delivering: number;
  /** Memory of the process, in octets. */
  readonly memory: number;
  /** How much of one processor it used since the heartbeat before, from 0; more than 1 with several threads. */
  readonly cpu: number;
}

export interface NodeState extends NodeFacts {
  /** Names the node among those that run at the same time. */
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The last heartbeat, in milliseconds since the epoch. */
  readonly seenAt: number;
  /** `silent`: no heartbeat came for a while, and others may take over its work. */
  readonly state: 'running' | 'draining' | 'silent';
  readonly load: NodeLoad;
}

export interface Nodes {
  /**
   * Lists this process from now on, until the store is closed. A store that only one server uses lists that one.
   *
   * @param load is called at each heartbeat; must not throw
   */
  announce(facts: NodeFacts, load: () => NodeLoad): Promise<void>;

  /** Says that this server takes nothing more and ends soon. Does nothing if it was not announced. */
  drain(): Promise<void>;

  /**
   * The servers that use the store, this one included, as of the last heartbeat; at least 1. For shares of what is limited
   * over all servers. Costs no I/O.
   */
  readonly running: number;

  /**
   * Returns how long the oldest transaction has been open that keeps the store from cleaning up, in milliseconds. 0 if there is
   * none, as in a store that only one server uses.
   */
  oldestTransaction(): Promise<number>;

  /** Returns the nodes, those that began first at the front. A silent node is listed for a day at most. */
  list(): Promise<NodeState[]>;
}
