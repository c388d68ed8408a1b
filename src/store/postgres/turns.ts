/** Calls of a function that leases rows domain by domain in turn: see `schema/turns.ts`. */
import { int8Array } from './arrays.js';
import type { Connections } from './connections.js';
import type { Node } from './node.js';

/** Rows that one call leases at most. */
const MOST = 1000;
const MOST_INT4 = 2 ** 31 - 1;

/** A row with its new lease. */
export interface Claimed {
  readonly id: number;
  readonly lease: number;
  readonly domainId: number;
  /** When it was due before the lease. */
  readonly dueAt: number;
}

interface ClaimRequest {
  /** Times are on the database's clock. */
  readonly now: number;
  readonly until: number;
  readonly limit: number;
  /** Rows of one domain at most, with those that are leased already, by any node. */
  readonly perDomain: number;
}

export class Turns {
  readonly #statement;
  readonly #connections: Connections;
  readonly #node: Node;
  /** The domain that had the last turn. */
  #served = 0;

  constructor(name: 'lease_messages' | 'lease_events', connections: Connections, node: Node) {
    this.#statement = {
      name,
      text: `SELECT id, lease, domain_id AS "domainId", was_due_at AS "dueAt"
        FROM ${name}($1, $2, $3, $4, $5, $6::int8[], $7)`,
    };
    this.#connections = connections;
    this.#node = node;
  }

  /** Leases rows, in the order in which the domains had their turns. */
  async claim({ now, until, limit, perDomain }: ClaimRequest): Promise<Claimed[]> {
    const most = Math.min(limit, MOST);
    if (most <= 0 || perDomain <= 0) return [];
    const numbers = Array.from({ length: most }, () => this.#node.ids.next());
    const { rows } = await this.#connections.run<Claimed>(this.#statement, [
      ...[now, until, this.#served, most, Math.min(perDomain, MOST_INT4)],
      ...[int8Array(numbers), this.#node.slot],
    ]);
    const claimed = inTurns(rows, ({ domainId }) => domainId);
    this.#served = claimed.at(-1)?.domainId ?? this.#served;
    return claimed;
  }
}

/** Puts items of domains in turns: the first of each domain, then the second of each, and so on. */
export function inTurns<T>(items: readonly T[], domainOf: (item: T) => number): T[] {
  const lines = new Map<number, T[]>();
  for (const item of items) {
    const line = lines.get(domainOf(item));
    if (line === undefined) lines.set(domainOf(item), [item]);
    else line.push(item);
  }
  const turns: T[] = [];
  for (let turn = 0; turns.length < items.length; turn++) {
    for (const line of lines.values()) {
      const item = line[turn];
      if (item !== undefined) turns.push(item);
    }
  }
  return turns;
}
