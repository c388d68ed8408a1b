/** This process as a node of the database: its slot, its ids and its heartbeat. */
import { StoreError } from '../port.js';
import { NodeIds, SLOTS } from '../intake/ids.js';
import type { NodeFacts, NodeLoad } from '../nodes.js';
import type { Connections } from './connections.js';
import { Stopwatch } from './stopwatch.js';

/** How often a node says that it lives, and after how long it counts as gone, in milliseconds. */
const HEARTBEAT_MS = 5_000;
const GONE_MS = 15_000;
/** So long after a heartbeat was sent, nothing is begun that another node may have taken over, in milliseconds. */
const SURE_MS = GONE_MS - 2_000;
/** After a heartbeat that failed, the next one comes so much later, in milliseconds. */
const AGAIN_MS = 1_000;
/** If the node's own heartbeats were apart for longer than this, those of others may be overdue for the same reason. */
const APART_MS = GONE_MS - HEARTBEAT_MS - 1_000;
/** How long nodes that live may need for a heartbeat after the database was away: some of {@link AGAIN_MS}. */
const RETURN_MS = 3 * AGAIN_MS;
/** Ids are reserved for so long ahead, in milliseconds: more than two heartbeats. */
const RESERVED_MS = 20_000;

const UNTIL = `now() + interval '${GONE_MS} milliseconds'`;
const TAKE = {
  name: 'node_take',
  text: `UPDATE node SET heartbeat_until = ${UNTIL}, name = NULL, draining = false WHERE slot = (
      SELECT slot FROM node WHERE heartbeat_until < now() ORDER BY heartbeat_until, slot LIMIT 1
        FOR UPDATE SKIP LOCKED)
    RETURNING slot, last_id AS last`,
};
const ADD = {
  name: 'node_add',
  text: `INSERT INTO node (slot, incarnation, heartbeat_until, last_id)
    SELECT coalesce(max(slot) + 1, 0), 0, ${UNTIL}, 0 FROM node
    HAVING coalesce(max(slot) + 1, 0) < ${SLOTS} ON CONFLICT DO NOTHING RETURNING slot, last_id AS last`,
};
const BEGIN = { name: 'node_begin', text: 'UPDATE node SET incarnation = $2, last_id = $3 WHERE slot = $1' };
const BEAT = {
  name: 'node_beat',
  text: `UPDATE node SET heartbeat_until = ${UNTIL}, last_id = greatest(last_id, $3), beat_at = now(),
      name = $4, version = $5, process = $6, started_at = to_timestamp($7::float8 / 1000), load = $8, draining = $9
    FROM (SELECT heartbeat_until AS until FROM node WHERE slot = $1 FOR UPDATE) AS before
    WHERE slot = $1 AND incarnation = $2
    RETURNING before.until < clock_timestamp() AS late, (SELECT count(*) FROM node AS other
      WHERE other.slot <> $1 AND other.name IS NOT NULL AND other.heartbeat_until > now()) AS others`,
};
const LEAVE = {
  name: 'node_leave',
  text: `UPDATE node SET heartbeat_until = '-infinity', last_id = $3 WHERE slot = $1 AND incarnation = $2`,
};

/** A place among the nodes, as long as heartbeats keep it. */
interface Place {
  readonly slot: number;
  readonly incarnation: number;
  readonly ids: NodeIds;
}

interface Announced {
  readonly facts: NodeFacts;
  readonly load: () => NodeLoad;
  readonly startedAt: number;
}

export class Node {
  readonly #connections: Connections;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #place: Place;
  #announced: Announced | null = null;
  #draining = false;
  #others = 0;
  #left = false;
  #beating: Promise<void> | null = null;
  #again: NodeJS.Timeout | null = null;
  /** Since the last heartbeat that came was sent. */
  #sent: Stopwatch;
  #period = 1;
  /** When the last heartbeat came, and the first one since which none was late, on the monotonic clock. */
  #beatAt = performance.now();
  #steadySince = this.#beatAt;

  private constructor(connections: Connections, now: () => number, place: Place, sent: Stopwatch) {
    this.#connections = connections;
    this.#now = now;
    this.#place = place;
    this.#sent = sent;
    this.#timer = setInterval(() => void this.beat(), HEARTBEAT_MS).unref();
  }

  /**
   * Takes a slot that no living node has.
   *
   * @throws StoreError `in-use` if there is none
   */
  static async join(connections: Connections, now: () => number): Promise<Node> {
    let node: Node | null = null;
    const sent = new Stopwatch(now);
    const place = await takePlace(connections, now, () => void node?.beat());
    node = new Node(connections, now, place, sent);
    return node;
  }

  /** It changes if the node was silent for so long that another one took its slot. */
  get slot(): number {
    return this.#place.slot;
  }

  /** Names this run of the node: no other one has the number. It changes with the slot. */
  get incarnation(): number {
    return this.#place.incarnation;
  }

  get ids(): NodeIds {
    return this.#place.ids;
  }

  /**
   * Number of the period in which heartbeats have come without a break, so that no other node takes over from this one. It
   * grows after each break; null if the last heartbeat was so long ago that others may take over.
   */
  get period(): number | null {
    return this.#sent.elapsed < SURE_MS ? this.#period : null;
  }

  /** The servers that use the database, this one included, as of the last heartbeat. */
  get running(): number {
    return 1 + this.#others;
  }

  /**
   * False if the database was away for this node: then others were silent, too, and their heartbeats are to come. Taking
   * over from them would send again what they have sent and could not write down.
   */
  get knowsOthers(): boolean {
    const now = performance.now();
    return now - this.#beatAt < APART_MS && now - this.#steadySince >= RETURN_MS;
  }

  /** Lists this node as a server from now on. @throws StoreError */
  async announce(facts: NodeFacts, load: () => NodeLoad): Promise<void> {
    this.#announced = { facts, load, startedAt: this.#now() };
    await this.#beat();
  }

  /** Never rejects. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#beat().catch(() => undefined);
  }

  /** Gives the slot back. Never rejects: if it fails, the slot is free some seconds later. */
  async leave(): Promise<void> {
    this.#left = true;
    clearInterval(this.#timer);
    if (this.#again !== null) clearTimeout(this.#again);
    await this.#beating;
    const { slot, incarnation, ids } = this.#place;
    await this.#connections.run(LEAVE, [slot, incarnation, ids.last]).catch(() => undefined);
  }

  /** Says that the node lives. Never rejects: a failure shows in other calls, and the next heartbeat makes up for it. */
  beat(): Promise<void> {
    return (this.#beating ??= this.#beat()
      .catch(() => {
        if (this.#left) return;
        this.#again ??= setTimeout(() => {
          this.#again = null;
          void this.beat();
        }, AGAIN_MS).unref();
      })
      .finally(() => {
        this.#beating = null;
      }));
  }

  async #beat(): Promise<void> {
    if (this.#left) return;
    const { slot, incarnation, ids } = this.#place;
    const reserved = ids.ahead(RESERVED_MS);
    const { facts, load, startedAt } = this.#announced ?? {};
    const sent = new Stopwatch(this.#now);
    const { rows } = await this.#connections.run<{ others: number; late: boolean }>(BEAT, [
      ...[slot, incarnation, reserved],
      ...[facts?.name ?? null, facts?.version ?? null, facts?.process ?? null, startedAt ?? null],
      ...[load === undefined ? null : JSON.stringify(load()), this.#draining],
    ]);
    if (rows[0] !== undefined) {
      const now = performance.now();
      if (now - this.#beatAt >= APART_MS) this.#steadySince = now;
      this.#beatAt = now;
      this.#others = rows[0].others;
      ids.reserve(reserved);
      // The database may have carried it out only now. If both clocks stood still, only the database knows that it was late.
      if (rows[0].late || this.#sent.elapsed >= GONE_MS) this.#period++;
      this.#sent = sent;
      return;
    }
    // The node was silent for so long that another one has its slot.
    this.#place = await takePlace(this.#connections, this.#now, () => void this.beat());
    this.#period++;
    await this.#beat();
  }
}

async function takePlace(connections: Connections, now: () => number, onShort: () => void): Promise<Place> {
  const { slot, last } = await freeSlot(connections);
  const ids = new NodeIds(slot, last, now, onShort);
  const incarnation = ids.next();
  const reserved = ids.ahead(RESERVED_MS);
  await connections.run(BEGIN, [slot, incarnation, reserved]);
  ids.reserve(reserved);
  return { slot, incarnation, ids };
}

async function freeSlot(connections: Connections): Promise<{ readonly slot: number; readonly last: number }> {
  // Another node may take the same new number; then its row is there the next time.
  for (let tries = 0; tries < SLOTS; tries++) {
    for (const statement of [TAKE, ADD]) {
      const { rows } = await connections.run<{ slot: number; last: number }>(statement);
      if (rows[0] !== undefined) return rows[0];
    }
  }
  throw new StoreError('in-use', `${SLOTS} nodes use the database at ${connections.place} already`);
}
