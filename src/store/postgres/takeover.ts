/**
 * Takes over from nodes that are gone: their leases end, so that others deliver the mail, and what they were taking in is
 * removed. A node is gone when its heartbeat has not come for 15 s, so its mail is due again within 20 s.
 */
import type { DatabaseClock } from './clock.js';
import type { Connections } from './connections.js';
import { type Death, freeLeases } from './freeing.js';
import type { Node } from './node.js';

/** How often to look for nodes that are gone, in milliseconds. */
const LOOK_MS = 3000;
/** Leases that one transaction ends. */
const STEP = 500;

/**
 * Of a node that lives, only what an earlier one in its slot has left is taken over. Leases and messages have ids of their
 * node, so that is what has a lesser id than the first one that the node gave out. The same holds of a node that is
 * silent if the one that looks does not know whether it lives.
 *
 * @param known name of the parameter: whether it does
 */
const bound = (known: string): string =>
  `CASE WHEN ${known}::boolean AND heartbeat_until < now() THEN ${Number.MAX_SAFE_INTEGER} ELSE incarnation END`;
const GONE = {
  name: 'takeover_gone',
  text: `SELECT slot FROM (SELECT slot, ${bound('$1')} AS bound FROM node) AS node WHERE
    EXISTS (SELECT 1 FROM queue WHERE queue.slot = node.slot AND lease < bound)
    OR EXISTS (SELECT 1 FROM webhook_event WHERE webhook_event.slot = node.slot AND lease < bound)
    OR EXISTS (SELECT 1 FROM upload WHERE upload.slot = node.slot AND message_id < bound)`,
};
/** While the row is locked, the node cannot come back to life, and no other node can take its slot. */
const LOCK = {
  name: 'takeover_lock',
  text: `SELECT ${bound('$2')} AS bound FROM node WHERE slot = $1 FOR UPDATE`,
};
const UNDER_WAY = {
  name: 'takeover_under_way',
  text: `SELECT (SELECT count(*) FROM queue WHERE slot = $1 AND lease IS NOT NULL AND attempting > 0)
    + (SELECT count(*) FROM webhook_event WHERE slot = $1 AND lease IS NOT NULL AND attempting > 0) AS attempts`,
};
const LEASES = {
  name: 'takeover_leases',
  text: `SELECT message_id AS id, lease FROM queue WHERE slot = $1 AND lease < $2 LIMIT ${STEP}`,
};
const END_EVENTS = {
  name: 'takeover_events',
  text: `UPDATE webhook_event SET lease = NULL, attempting = 0, due_at = least(at, $3),
      crashes = CASE WHEN $4 AND attempting > 0 THEN crashes + 1 ELSE crashes END,
      crashed_alone = CASE WHEN $4 AND attempting > 0 THEN $5 AND attempting = 1 ELSE crashed_alone END
    WHERE slot = $1 AND lease < $2`,
};
const REMOVE_UPLOADS = {
  name: 'takeover_uploads',
  text: `WITH given AS (DELETE FROM upload WHERE slot = $1 AND message_id < $2 RETURNING message_id)
    DELETE FROM chunk USING given WHERE chunk.message_id = given.message_id`,
};

export class Takeover {
  readonly #connections: Connections;
  readonly #clock: DatabaseClock;
  readonly #node: Node;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();

  private constructor(connections: Connections, clock: DatabaseClock, node: Node) {
    this.#connections = connections;
    this.#clock = clock;
    this.#node = node;
  }

  /** Takes over from nodes that are gone, and looks for more of them from now on. */
  static async begin(connections: Connections, clock: DatabaseClock, node: Node): Promise<Takeover> {
    const takeover = new Takeover(connections, clock, node);
    await takeover.look();
    takeover.#timer = setInterval(() => {
      takeover.#looking = takeover.#lookQuietly();
    }, LOOK_MS).unref();
    return takeover;
  }

  /** Takes over from all nodes that are gone, and from those that had the slots of others before. */
  async look(): Promise<void> {
    const { rows } = await this.#connections.run<{ slot: number }>(GONE, [this.#node.knowsOthers]);
    for (const { slot } of rows) await this.#end(slot);
  }

  /** Gives back all that this node has: it stops in order. If that fails, another node takes over. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#looking;
    await this.#endBelow(this.#node.slot, Number.MAX_SAFE_INTEGER, null).catch(() => undefined);
  }

  async #lookQuietly(): Promise<void> {
    try {
      await this.#clock.adjust();
      await this.look();
    } catch {
      // The next look does it, of this node or another one.
    }
  }

  async #end(slot: number): Promise<void> {
    const { rows } = await this.#connections.run<{ attempts: number }>(UNDER_WAY, [slot]);
    await this.#endBelow(slot, null, { single: rows[0]?.attempts === 1 });
  }

  /**
   * @param below ends leases below this number; null: all if the node is gone, else those of the nodes before it
   * @param death null if the node stops in order
   */
  async #endBelow(slot: number, below: number | null, death: Death | null): Promise<void> {
    for (let left = STEP; left === STEP;) {
      left = await this.#connections.transaction(async (connection) => {
        const [node] = (await connection.run<{ bound: number }>(LOCK, [slot, this.#node.knowsOthers])).rows;
        if (node === undefined) return 0;
        const bound = below ?? node.bound;
        const leases = (await connection.run<{ id: number; lease: number }>(LEASES, [slot, bound])).rows;
        if (leases.length > 0) await freeLeases(connection, leases, death);
        if (leases.length === STEP) return STEP;
        const now = this.#clock.toDatabase(Date.now());
        await connection.run(END_EVENTS, [slot, bound, now, death !== null, death?.single ?? false]);
        await connection.run(REMOVE_UPLOADS, [slot, bound]);
        return leases.length;
      });
    }
  }
}
