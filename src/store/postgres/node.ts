/** This process as a node of the database: its slot, its ids and its heartbeat. */
import { StoreError } from '../port.js';
import { NodeIds, SLOTS } from '../intake/ids.js';
import type { Connections } from './connections.js';

/** How often a node says that it lives, and after how long it counts as gone, in milliseconds. */
const HEARTBEAT_MS = 5_000;
const GONE_MS = 15_000;
/** Ids are reserved for so long ahead, in milliseconds: more than two heartbeats. */
const RESERVED_MS = 20_000;

const UNTIL = `now() + interval '${GONE_MS} milliseconds'`;
const TAKE = {
  name: 'node_take',
  text: `UPDATE node SET heartbeat_until = ${UNTIL} WHERE slot = (
      SELECT slot FROM node WHERE heartbeat_until < now() ORDER BY slot LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING slot, last_id AS last`,
};
const ADD = {
  name: 'node_add',
  text: `INSERT INTO node SELECT coalesce(max(slot) + 1, 0), 0, ${UNTIL}, 0 FROM node
    HAVING coalesce(max(slot) + 1, 0) < ${SLOTS} ON CONFLICT DO NOTHING RETURNING slot, last_id AS last`,
};
const BEGIN = { name: 'node_begin', text: 'UPDATE node SET incarnation = $2, last_id = $3 WHERE slot = $1' };
const BEAT = {
  name: 'node_beat',
  text: `UPDATE node SET heartbeat_until = ${UNTIL}, last_id = greatest(last_id, $3)
    WHERE slot = $1 AND incarnation = $2`,
};
const LEAVE = {
  name: 'node_leave',
  text: `UPDATE node SET heartbeat_until = '-infinity', last_id = $3 WHERE slot = $1 AND incarnation = $2`,
};

interface Slot {
  readonly slot: number;
  readonly last: number;
}

export class Node {
  readonly #connections: Connections;
  readonly slot: number;
  readonly ids: NodeIds;
  /** Names this run of the node: no other one has the number. */
  readonly incarnation: number;
  readonly #timer: NodeJS.Timeout;

  private constructor(connections: Connections, slot: number, ids: NodeIds, incarnation: number) {
    this.#connections = connections;
    this.slot = slot;
    this.ids = ids;
    this.incarnation = incarnation;
    this.#timer = setInterval(() => void this.#beat(), HEARTBEAT_MS).unref();
  }

  /**
   * Takes a slot that no living node has.
   *
   * @throws StoreError `in-use` if there is none
   */
  static async join(connections: Connections, now: () => number): Promise<Node> {
    const { slot, last } = await freeSlot(connections);
    const ids = new NodeIds(slot, last, now);
    const incarnation = ids.next();
    await connections.run(BEGIN, [slot, incarnation, ids.ahead(RESERVED_MS)]);
    return new Node(connections, slot, ids, incarnation);
  }

  /** Gives the slot back. Never rejects: if it fails, the slot is free some seconds later. */
  async leave(): Promise<void> {
    clearInterval(this.#timer);
    await this.#connections.run(LEAVE, [this.slot, this.incarnation, this.ids.last]).catch(() => undefined);
  }

  /** A failure shows in the calls of others; the next heartbeat makes up for it. */
  async #beat(): Promise<void> {
    await this.#connections
      .run(BEAT, [this.slot, this.incarnation, this.ids.ahead(RESERVED_MS)])
      .catch(() => undefined);
  }
}

async function freeSlot(connections: Connections): Promise<Slot> {
  // Another node may take the same new number; then its row is there the next time.
  for (let tries = 0; tries < SLOTS; tries++) {
    for (const statement of [TAKE, ADD]) {
      const { rows } = await connections.run<Slot>(statement);
      if (rows[0] !== undefined) return rows[0];
    }
  }
  throw new StoreError('in-use', `${SLOTS} nodes use the database at ${connections.place} already`);
}
