/** Writes the rows of a copy into the tables, and what the tables need beside them. */
import { journalRows, messagesIn } from '../../copy/messages.js';
import type { Row, Value } from '../../copy/port.js';
import type { Section } from '../../copy/sections.js';
import { columnNames, type Forms, written } from '../../copy/statements.js';
import { SLOTS, timeOfId } from '../../intake/ids.js';
import { DAY } from '../../time.js';
import { byteaArray, int4Array, int8Array, textArray } from '../arrays.js';
import type { Connection } from '../connection.js';
import { makeOldPartition, makePartition } from '../partitions.js';
import { CONSTANTS } from './forms.js';

/**
 * Days whose content gets a partition of its own. What is older goes to one together: not to the one for the rest, which is
 * searched through whenever a partition is made.
 */
const PARTITIONED_DAYS = 100;

const ARRAYS = {
  number: { type: 'int8[]', of: (values: readonly Value[]) => int8Array(values as (number | null)[]) },
  text: { type: 'text[]', of: (values: readonly Value[]) => textArray(values as (string | null)[]) },
  // No column of octets can be null.
  octets: { type: 'bytea[]', of: (values: readonly Value[]) => byteaArray(values as Uint8Array[]) },
} as const;

const TAGS = {
  name: 'copy_tags',
  text: `INSERT INTO tag (name, message_id, domain_id) SELECT * FROM unnest($1::text[], $2::int8[], $3::int4[])`,
};
/** The number of a row is the id of a message in it: no group has it. */
const JOURNAL = {
  name: 'copy_journal',
  text: 'INSERT INTO search_journal (id, messages) VALUES ($1, $2::int8[])',
};
/** Whatever the clock of a node says, its ids come after those that are there. */
const SEED = {
  name: 'copy_seed',
  text: `INSERT INTO node AS kept (slot, incarnation, heartbeat_until, last_id)
    SELECT slot, 0, '-infinity', coalesce((SELECT max(id) FROM message), 0) FROM generate_series(0, $1::int4 - 1) AS slot
    ON CONFLICT (slot) DO UPDATE SET last_id = greatest(kept.last_id, excluded.last_id)`,
};

/** Writes rows of a section, within the transaction of the connection. */
export async function insertRows(
  connection: Connection,
  section: Section,
  forms: Forms,
  rows: readonly Row[],
): Promise<void> {
  const statement = { name: `copy_insert_${section.name}`, text: insertStatement(section, forms) };
  const values = section.columns.map(({ type }, at) => ARRAYS[type].of(rows.map((row) => row[at] ?? null)));
  await connection.run(statement, values);
  if (section.name === 'message') await noteMessages(connection, section, rows);
}

export async function seedNodes(connection: Connection): Promise<void> {
  await connection.run(SEED, [SLOTS]);
}

/** The partitions that contents of a copy go to. */
export class DayPartitions {
  readonly #first: number;
  readonly #made = new Set<number>();
  #hasOld = false;

  /** @param now milliseconds since the epoch */
  constructor(now: number) {
    this.#first = Math.floor(now / DAY) - PARTITIONED_DAYS;
  }

  /** Makes those that rows of contents need, within the transaction of the connection. */
  async make(connection: Connection, rows: readonly Row[]): Promise<void> {
    if (!this.#hasOld) await makeOldPartition(connection, this.#first);
    this.#hasOld = true;
    for (const [id] of rows) {
      const day = Math.floor(timeOfId(Number(id)) / DAY);
      if (day < this.#first || this.#made.has(day)) continue;
      await makePartition(connection, day);
      this.#made.add(day);
    }
  }
}

function insertStatement(section: Section, forms: Forms): string {
  const names = columnNames(section, forms);
  const values = section.columns.map(({ name }, at) => written(forms, name, `u.c${at}`));
  const constant = CONSTANTS[section.name];
  if (constant !== undefined) {
    names.push(constant[0]);
    values.push(constant[1]);
  }
  const arrays = section.columns.map(({ type }, at) => `$${at + 1}::${ARRAYS[type].type}`);
  const columns = section.columns.map((_, at) => `c${at}`);
  return `INSERT INTO ${section.name} (${names.join(', ')}) OVERRIDING SYSTEM VALUE
    SELECT ${values.join(', ')} FROM unnest(${arrays.join(', ')}) AS u (${columns.join(', ')})`;
}

/** Notes tags by their names, and what the index of words lacks. */
async function noteMessages(connection: Connection, section: Section, rows: readonly Row[]): Promise<void> {
  const messages = messagesIn(section, rows);
  const tagged = messages.flatMap(({ id, domainId, tags }) => tags.map((name) => ({ name, id, domainId })));
  await connection.run(TAGS, [
    textArray(tagged.map(({ name }) => name)),
    int8Array(tagged.map(({ id }) => id)),
    int4Array(tagged.map(({ domainId }) => domainId)),
  ]);
  for (const ids of journalRows(messages)) await connection.run(JOURNAL, [ids[0] ?? 0, int8Array(ids)]);
}
