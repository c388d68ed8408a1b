/**
 * The order in which messages were stored.
 *
 * A message has its id from its first octet on, and is stored after its last one. Nearly always that is the same order.
 * A message is late if one with a greater id was stored by an earlier transaction: its upload took longer. Late ones
 * are few, and each has a row that says after which id it was stored. So the order costs other messages nothing.
 *
 * Messages of one transaction are seen at once, so their order among themselves does not matter.
 */
import type { Database } from './database.js';

/** A place in the order: what was stored up to a message. */
export interface Mark {
  /** The greatest id that was stored up to then. Messages with greater ones were stored later. */
  readonly above: number;
  /** The row of the message, if it was late itself; null if not. */
  readonly number: number | null;
}

export class LateMessages {
  readonly #greatest;
  readonly #insert;
  readonly #find;
  readonly #afterRow;
  readonly #afterId;
  readonly #last;
  readonly #lastOf;
  /** The greatest id that was stored before the open transaction; null if it was not asked for yet. */
  #before: number | null = null;

  constructor(database: Database) {
    this.#greatest = database.prepare('SELECT coalesce(max(id), 0) AS greatest FROM message');
    this.#insert = database.prepare(
      'INSERT INTO late_message (message_id, domain_id, above) VALUES (?, ?, ?)',
    );
    this.#find = database.prepare('SELECT above, number FROM late_message WHERE message_id = ?');
    const newest = 'AND message_id < ? ORDER BY message_id DESC LIMIT ?';
    this.#afterRow = database.prepare(`SELECT message_id AS id FROM late_message WHERE number > ? ${newest}`);
    this.#afterId = database.prepare(`SELECT message_id AS id FROM late_message WHERE above >= ? ${newest}`);
    const last = 'ORDER BY number DESC LIMIT 1';
    this.#last = database.prepare(`SELECT message_id AS id, above FROM late_message ${last}`);
    this.#lastOf = database.prepare(
      `SELECT message_id AS id, above FROM late_message WHERE domain_id = ? ${last}`,
    );
  }

  /** Notes a message that the open transaction is about to store. */
  add(id: number, domainId: number): void {
    this.#before ??= (this.#greatest.get() as { greatest: number }).greatest;
    if (id < this.#before) this.#insert.get(id, domainId, this.#before);
  }

  /** The transaction has ended. */
  forget(): void {
    this.#before = null;
  }

  /** Returns the place of a message. For one that has been removed, it may be an earlier place. */
  markOf(id: number): Mark {
    return (this.#find.get(id) as Mark | undefined) ?? { above: id, number: null };
  }

  /** Returns late messages that were stored after a mark and have no greater id than it, newest id first. */
  after({ above, number }: Mark, below: number, limit: number): number[] {
    const until = Math.min(below, above + 1);
    const rows =
      number === null ? this.#afterId.all(above, until, limit) : this.#afterRow.all(number, until, limit);
    return (rows as { id: number }[]).map(({ id }) => id);
  }

  /**
   * Returns the message that was stored last, of all or of a domain; null if there is none.
   *
   * @param newest the one with the greatest id
   */
  last(domainId: number | null, newest: number | null): number | null {
    const late = (domainId === null ? this.#last.get() : this.#lastOf.get(domainId)) as
      { id: number; above: number } | undefined;
    return late !== undefined && newest !== null && late.above >= newest ? late.id : newest;
  }
}
