/** SQL that gives out leases, renews them, and says when something is due. */
import { DUE_AT_ONCE } from '../due-time.js';
import type { Lease, LeaseRequest } from '../queue.js';
import { int8Array } from './arrays.js';
import type { DatabaseClock } from './clock.js';
import type { Connections } from './connections.js';
import { freeLeases } from './freeing.js';
import { readLeases } from './lease-rows.js';
import type { LeasedMessages } from './leased-messages.js';
import { LostLeases } from './lost-leases.js';
import type { Node } from './node.js';
import { inTurns, Turns } from './turns.js';

/** The part of a lease that identifies it. */
export type LeaseName = Pick<Lease, 'lease' | 'id'>;

/** Locks the rows in the order of their keys, so that no two of these statements wait for each other. */
const HELD = `WITH held AS (SELECT message_id FROM queue JOIN unnest($1::int8[], $2::int8[]) AS u (id, lease)
    ON message_id = u.id AND queue.lease = u.lease ORDER BY message_id FOR UPDATE OF queue)`;
const RENEW = {
  name: 'lease_renew',
  text: `${HELD} UPDATE queue SET due_at = $3 FROM held WHERE queue.message_id = held.message_id
    RETURNING queue.message_id AS id`,
};
const BEGIN = {
  name: 'lease_begin',
  text: `${HELD} UPDATE queue SET attempting = greatest(attempting, 1) FROM held
    WHERE queue.message_id = held.message_id`,
};
const LASTS = {
  name: 'lease_lasts',
  text: 'UPDATE queue SET attempting = 2 WHERE message_id = $1 AND lease = $2 AND attempting = 1',
};
const NUMBERED = {
  name: 'lease_numbered',
  text: 'SELECT message_id AS id, lease FROM queue WHERE slot = $1 AND lease BETWEEN $2 AND $3',
};
const NEXT_DUE = { name: 'next_due', text: 'SELECT min(due_at) AS due FROM queue' };

export class Leasing {
  readonly #connections: Connections;
  readonly #clock: DatabaseClock;
  readonly #node: Node;
  readonly #turns: Turns;
  readonly #leased: LeasedMessages;
  readonly #lost: LostLeases;

  constructor(connections: Connections, clock: DatabaseClock, node: Node, leased: LeasedMessages) {
    this.#connections = connections;
    this.#clock = clock;
    this.#node = node;
    this.#leased = leased;
    this.#turns = new Turns('lease_messages', connections, node);
    this.#lost = new LostLeases(node, async (from, to) => {
      const { rows } = await connections.run<LeaseName>(NUMBERED, [node.slot, from, to]);
      if (rows.length > 0) await this.#free(rows);
    });
  }

  lease(request: LeaseRequest): Promise<Lease[]> {
    const { now, until } = request;
    // Before anything is waited for: the clock may be put back meanwhile.
    const times = { now: this.#clock.toDatabase(now), until: this.#clock.toDatabase(until) };
    return this.#lost.guard(() => this.#lease(request, times));
  }

  /** @param times those of the request, on the database's clock */
  async #lease(
    { until, limit, perDomain, contentOctets = 0 }: LeaseRequest,
    times: Pick<LeaseRequest, 'now' | 'until'>,
  ): Promise<Lease[]> {
    const leases: Lease[] = [];
    while (leases.length < limit) {
      const claimed = await this.#turns.claim({
        ...times,
        limit: limit - leases.length,
        perDomain,
      });
      const request = { now: times.now, until, contentOctets };
      const read = await readLeases(this.#connections, claimed, request, this.#leased.note);
      leases.push(...read);
      if (read.length === claimed.length) break;
      // The clock went back, or a lease ran out after some recipients were done and the rest had been put off.
      const given = new Set(read.map(({ id }) => id));
      await this.#free(claimed.filter(({ id }) => !given.has(id)));
    }
    return inTurns(leases, ({ domain }) => domain.id);
  }

  async renew(leases: readonly LeaseName[], until: number): Promise<readonly number[]> {
    if (leases.length === 0) return [];
    if (this.#node.period === null) await this.#node.beat();
    const values = [...names(leases), this.#clock.toDatabase(until)];
    return (await this.#connections.run<{ id: number }>(RENEW, values)).rows.map(({ id }) => id);
  }

  period(): number | null {
    return this.#node.period;
  }

  async begin(leases: readonly LeaseName[]): Promise<void> {
    if (leases.length > 0) await this.#connections.run(BEGIN, names(leases));
  }

  async lasts({ id, lease }: LeaseName): Promise<void> {
    await this.#connections.run(LASTS, [id, lease]);
  }

  async nextDue(): Promise<number | null> {
    const due = (await this.#connections.run<{ due: number | null }>(NEXT_DUE)).rows[0]?.due ?? null;
    return due === null || due === DUE_AT_ONCE ? due : this.#clock.fromDatabase(due);
  }

  #free(claimed: readonly LeaseName[]): Promise<void> {
    return this.#connections.transaction((connection) => freeLeases(connection, claimed));
  }
}

function names(leases: readonly LeaseName[]): Buffer[] {
  return [int8Array(leases.map(({ id }) => id)), int8Array(leases.map(({ lease }) => lease))];
}
