/** A database as the source or the target of a copy. */
import type { Identity, Key, LastNumbers, Progress, Row, Source, Target } from '../../copy/port.js';
import { notEmpty, progressIn, RECORD, recordOf } from '../../copy/record.js';
import { PAGE_OCTETS, PAGE_ROWS, type Section, SECTIONS } from '../../copy/sections.js';
import { countStatement, formsOf, readStatement } from '../../copy/statements.js';
import { parseAddress } from '../address.js';
import { DatabaseClock } from '../clock.js';
import type { Connection, Values } from '../connection.js';
import { Connections } from '../connections.js';
import { openingError } from '../errors.js';
import { foldCounters } from '../folding.js';
import { migrate } from '../migrate.js';
import { Node } from '../node.js';
import { checkOpening } from '../opening.js';
import { Takeover } from '../takeover.js';
import { FORMS } from './forms.js';
import { GET_RECORD, takeForCopy } from './guard.js';
import { DayPartitions, insertRows, seedNodes } from './writing.js';

/** Rows of additions that are folded at a time. */
const FOLD_ROWS = 512;
/** Without a sync: an interrupted copy goes on with what is there. And the copy may be idle while the other side reads. */
const SETTINGS = 'SET synchronous_commit = off; SET idle_in_transaction_session_timeout = 0';

const IDENTITY = {
  name: 'copy_identity',
  text: 'SELECT count(*) AS messages, coalesce(max(id), 0)::int8 AS greatest FROM message',
};
const SET_RECORD = {
  name: 'copy_note',
  text: `INSERT INTO setting (name, value) VALUES ('${RECORD}', $1)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
};
const LAST_NUMBERS = {
  name: 'copy_last_numbers',
  text: `SELECT
    (SELECT coalesce(max(last_value), 0) FROM pg_sequences WHERE schemaname = current_schema
      AND sequencename = 'webhook_event_id_seq')::int8 AS "webhookEvent",
    (SELECT coalesce(max(last_value), 0) FROM pg_sequences WHERE schemaname = current_schema
      AND sequencename = 'webhook_call_id_seq')::int8 AS "webhookCall"`,
};
/** The tables whose keys the database gives out go on after the last one; a table without one begins with 1. */
const CONTINUE = {
  name: 'copy_continue',
  text: `SELECT setval(pg_get_serial_sequence(u.name, u.key), greatest(u.last, 1), u.last > 0)
    FROM (VALUES ('webhook_event', 'id', $1::int8), ('webhook_call', 'id', $2::int8),
      ('domain', 'id', (SELECT coalesce(max(id), 0) FROM domain)::int8),
      ('late_message', 'number', (SELECT coalesce(max(number), 0) FROM late_message)::int8)) AS u (name, key, last)`,
};

/**
 * Opens a database to copy from it. First it ends the leases of nodes that died.
 *
 * @throws StoreError `in-use`: a server uses it; and those of `openPostgresStore`
 */
export async function openPostgresSource(url: string): Promise<Source> {
  const copy = await openLocked(url);
  try {
    await copy.freeze();
    return copy;
  } catch (error) {
    await copy.close();
    throw error;
  }
}

/**
 * Opens a database to copy to it, and makes its tables as needed.
 *
 * @throws StoreError `in-use`: a server uses it; and those of `openPostgresStore`
 */
export function openPostgresTarget(url: string): Promise<Target> {
  return openLocked(url);
}

async function openLocked(url: string): Promise<CopyDatabase> {
  const connections = new Connections(parseAddress(url));
  try {
    await checkOpening(connections);
    await migrate(connections);
    return new CopyDatabase(connections, await lockedConnection(connections));
  } catch (error) {
    await connections.close();
    throw openingError(error, connections.place);
  }
}

async function lockedConnection(connections: Connections): Promise<Connection> {
  const connection = await connections.open();
  try {
    await connection.exec(SETTINGS);
    await takeForCopy(connection, connections.place);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

class CopyDatabase implements Source, Target {
  readonly #connections: Connections;
  /** It has the lock. If it is lost, the copy ends, and is gone on with by the next one. */
  readonly #connection: Connection;
  readonly #partitions = new DayPartitions(Date.now());
  /** Counted before the transaction in which all is read, where a count that takes too long would end it. */
  readonly #counts = new Map<string, number | null>();

  constructor(connections: Connections, connection: Connection) {
    this.#connections = connections;
    this.#connection = connection;
  }

  get place(): string {
    return `postgres://${this.#connections.place}`;
  }

  /** Puts in order what nodes that died left behind. From now on, what others change is not seen. */
  async freeze(): Promise<void> {
    const clock = await DatabaseClock.read(this.#connections);
    const node = await Node.join(this.#connections, Date.now);
    try {
      const takeover = await Takeover.begin(this.#connections, clock, node);
      await takeover.close();
      while ((await foldCounters(this.#connections, FOLD_ROWS)) > 0);
    } finally {
      await node.leave();
    }
    for (const section of SECTIONS) {
      this.#counts.set(section.name, await this.#countNow(section));
    }
    await this.#connection.exec('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  }

  async identity(): Promise<Identity> {
    const [row] = await this.#rows<Pick<Identity, 'messages' | 'greatest'>>(IDENTITY);
    return { place: this.place, messages: row?.messages ?? 0, greatest: row?.greatest ?? 0 };
  }

  count(section: Section): Promise<number | null> {
    return Promise.resolve(this.#counts.get(section.name) ?? null);
  }

  async read(section: Section, after: Key | null): Promise<Row[]> {
    const which = after === null ? 'first' : 'next';
    const rows = await this.#rows<Record<string, Row[number]>>(
      { name: `copy_${which}_${section.name}`, text: pageStatement(section, after !== null) },
      (after ?? []).map((part) => (part instanceof Uint8Array ? Buffer.from(part) : part)),
    );
    return rows.map((row) => section.columns.map((_, at) => row[`c${at}`] ?? null));
  }

  async lastNumbers(): Promise<LastNumbers> {
    const [row] = await this.#rows<LastNumbers>(LAST_NUMBERS);
    return row ?? { webhookEvent: 0, webhookCall: 0 };
  }

  async progress(): Promise<Progress | null> {
    const [record] = await this.#rows<{ value: string }>(GET_RECORD);
    if (record !== undefined) return progressIn(record.value);
    for (const { name } of SECTIONS) {
      const found = await this.#rows({ name: `copy_any_${name}`, text: `SELECT 1 FROM ${name} LIMIT 1` });
      if (found.length > 0) throw notEmpty(name, this.place);
    }
    return null;
  }

  write(section: Section, rows: readonly Row[], progress: Progress): Promise<void> {
    return this.#change(async (connection) => {
      if (section.name === 'chunk') await this.#partitions.make(connection, rows);
      await insertRows(connection, section, formsOf(FORMS, section), rows);
      await connection.run(SET_RECORD, [recordOf(progress)]);
    });
  }

  complete(progress: Progress, { webhookEvent, webhookCall }: LastNumbers): Promise<void> {
    return this.#change(async (connection) => {
      await connection.run(CONTINUE, [webhookEvent, webhookCall]);
      await seedNodes(connection);
      await connection.run(SET_RECORD, [recordOf(progress)]);
    });
  }

  finish(): Promise<void> {
    return this.#change(async (connection) => {
      // The sync of this commit covers all that was written before.
      await connection.exec('SET LOCAL synchronous_commit = on');
      await connection.exec(`DELETE FROM setting WHERE name = '${RECORD}'`);
    });
  }

  async close(): Promise<void> {
    await this.#connection.close();
    await this.#connections.close();
  }

  async #countNow(section: Section): Promise<number | null> {
    try {
      const statement = {
        name: `copy_count_${section.name}`,
        text: countStatement(section, formsOf(FORMS, section)),
      };
      return (await this.#connection.run<{ count: number }>(statement)).rows[0]?.count ?? null;
    } catch (error) {
      if (this.#connection.isLost) throw openingError(error, this.#connections.place);
      return null;
    }
  }

  async #rows<T>(statement: { name: string; text: string }, values: Values = []): Promise<T[]> {
    try {
      return (await this.#connection.run<T>(statement, values)).rows;
    } catch (error) {
      throw openingError(error, this.#connections.place);
    }
  }

  async #change(work: (connection: Connection) => Promise<void>): Promise<void> {
    const connection = this.#connection;
    try {
      await connection.exec('BEGIN');
      await work(connection);
      await connection.exec('COMMIT');
    } catch (error) {
      if (!connection.isLost) await connection.exec('ROLLBACK').catch(() => connection.destroy());
      throw openingError(error, this.#connections.place);
    }
  }
}

/** A page ends once it has enough octets. Their lengths are known without reading them. */
function pageStatement(section: Section, after: boolean): string {
  const page = `${readStatement(section, formsOf(FORMS, section), (at) => `$${at + 1}`, after)} LIMIT ${PAGE_ROWS}`;
  if (section.name !== 'chunk') return page;
  return `SELECT c0, c1, c2 FROM (
      SELECT *, sum(octet_length(c2)) OVER (ORDER BY c0, c1) - octet_length(c2) AS before FROM (${page}) AS page
    ) AS sized WHERE before < ${PAGE_OCTETS} ORDER BY c0, c1`;
}
