/** Reads the texts of stored messages that are searched, many at a time. */
import { HeaderSection } from '../header-section.js';
import { STORE } from '../limits.js';
import type { Search } from '../search.js';
import { documentOf, type DocumentRow, matches, type SearchDocument } from '../search-text.js';
import { int8Array } from './arrays.js';
import type { Connections } from './connections.js';
import { CONTENT } from './reading.js';

/** Octets of a content that are looked at first: most header sections end in them. */
const BEGINNING = 8192;

const DOCUMENTS = {
  name: 'documents',
  text: `SELECT id, status, received_at AS "receivedAt", header_from AS "from", reverse_path AS "reversePath",
      subject, tags, header_message_id AS "messageId",
      ARRAY(SELECT forward_path FROM recipient WHERE message_id = message.id ORDER BY position) AS "to"
    FROM message WHERE id = ANY($1::int8[])`,
};
/**
 * The first chunk up to the end of the header section; whole if it does not end there. It has no name, so it is planned for
 * the ids at hand each time, with the partitions of their days alone. A plan for any ids has the partitions of all days: with
 * 369 of them it took 1 s to make on each new connection.
 */
const SECTIONS = {
  name: '',
  text: `SELECT id, CASE
      WHEN position('\\x0d0a0d0a'::bytea IN substr(octets, 1, ${BEGINNING})) > 0
        THEN substr(octets, 1, position('\\x0d0a0d0a'::bytea IN substr(octets, 1, ${BEGINNING})) + 3)
      ELSE substr(octets, 1, ${STORE.headerSection.initial + 4}) END AS octets
    FROM message JOIN chunk ON chunk.message_id = message.id
    WHERE message.id = ANY($1::int8[]) AND chunk.message_id = ANY($1::int8[]) AND sequence = 0 AND NOT content_removed`,
};

/** Thrown where a condition needs the header section. */
const NEEDS_SECTION = new Error('the header section is needed');

type Row = DocumentRow & { readonly to: readonly string[] };

/** A connection, or any one of the pool. */
type Runner = Pick<Connections, 'run'>;

/** Returns those of some messages for which a search holds. Header sections are read only where they decide. */
export async function matchingOf(
  runner: Runner,
  ids: readonly number[],
  search: Search,
): Promise<Set<number>> {
  const matching = new Set<number>();
  const undecided: Row[] = [];
  for (const row of await rowsOf(runner, ids)) {
    const document = documentOf(row, row.to, () => {
      throw NEEDS_SECTION;
    });
    try {
      if (matches(search, document)) matching.add(row.id);
    } catch (error) {
      if (error !== NEEDS_SECTION) throw error;
      undecided.push(row);
    }
  }
  for (const document of await withSections(runner, undecided)) {
    if (matches(search, document)) matching.add(document.id);
  }
  return matching;
}

/** Returns the texts of those messages that exist. */
export async function readDocuments(runner: Runner, ids: readonly number[]): Promise<SearchDocument[]> {
  return withSections(runner, await rowsOf(runner, ids));
}

/** Returns the header section, also if it goes over several chunks; null if there is no content. */
export async function readSection(runner: Runner, id: number): Promise<Uint8Array | null> {
  const section = new HeaderSection();
  for (let sequence = 0; ; sequence++) {
    const [row] = (await runner.run<{ octets: Uint8Array }>(CONTENT, [id, sequence])).rows;
    if (row === undefined) return sequence === 0 ? null : section.end();
    const found = section.add(row.octets);
    if (found !== null) return found;
  }
}

async function rowsOf(runner: Runner, ids: readonly number[]): Promise<Row[]> {
  return (await runner.run<Row>(DOCUMENTS, [int8Array(ids)])).rows;
}

async function withSections(runner: Runner, rows: readonly Row[]): Promise<SearchDocument[]> {
  if (rows.length === 0) return [];
  const sections = new Map<number, Uint8Array>();
  const beginnings = await runner.run<{ id: number; octets: Uint8Array }>(SECTIONS, [
    int8Array(rows.map(({ id }) => id)),
  ]);
  for (const { id, octets } of beginnings.rows) {
    const found = new HeaderSection().add(octets) ?? (await readSection(runner, id));
    if (found !== null) sections.set(id, found);
  }
  return rows.map((row) => documentOf(row, row.to, () => sections.get(row.id) ?? null));
}
