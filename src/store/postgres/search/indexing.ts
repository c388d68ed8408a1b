/** Fills the index of words from the journal, a bounded step at a time, by one node at a time. */
import { databaseLock } from '../advisory-locks.js';
import { int4Array, int8Array, textArray } from '../arrays.js';
import type { Connection } from '../connection.js';
import type { Connections } from '../connections.js';
import { readDocuments } from '../documents.js';
import { wordsInBlock } from './words.js';

/** Messages that one step indexes: some 10 ms of work of this process, and as much of the server's. */
const STEP_MESSAGES = 128;
/** Rows of the journal that one step reads. */
const STEP_ROWS = 128;
/**
 * Messages of a block. The larger a block, the longer a search for the beginning of a word that is in all of them; the
 * smaller, the more blocks a search for a rare word goes through.
 */
export const BLOCK_MESSAGES = 16_384;
/** The lock under which the index is written. */
const LOCK = {
  name: 'search_lock',
  text: `SELECT pg_try_advisory_xact_lock(${databaseLock('search')}) AS has`,
};

const JOURNAL = {
  name: 'search_journal',
  text: `SELECT id, messages FROM search_journal ORDER BY id LIMIT ${STEP_ROWS}`,
};
const INDEXED = { name: 'search_indexed', text: 'DELETE FROM search_journal WHERE id = ANY($1::int8[])' };
const BLOCKS = {
  name: 'search_all_blocks',
  text: 'SELECT number, first, documents FROM search_block ORDER BY first',
};
const GREATEST = { name: 'search_greatest', text: 'SELECT max(message_id) AS id FROM search_document' };
const ADD_BLOCK = {
  name: 'search_add_block',
  text: 'INSERT INTO search_block (number, first, documents) VALUES ($1, $2, 0)',
};
const COUNT = {
  name: 'search_count',
  text: `UPDATE search_block SET documents = documents + u.added
    FROM unnest($1::int4[], $2::int4[]) AS u (number, added) WHERE search_block.number = u.number`,
};
/** A message that is removed meanwhile is passed over. */
const ADD = {
  name: 'search_add',
  text: `INSERT INTO search_document (message_id, words)
    SELECT message.id, array_to_tsvector(string_to_array(u.words, ' '))
    FROM unnest($1::int8[], $2::text[]) AS u (id, words) JOIN message ON message.id = u.id
    ON CONFLICT (message_id) DO NOTHING`,
};
/** Moves what the step has added from the list of pending entries into the index. */
const EMPTY_LIST = { name: 'search_empty_list', text: `SELECT gin_clean_pending_list('search_words')` };
/** Rows of the journal that are counted at most. A row has one message or more. */
const MOST_ROWS = 200_000;
const BEHIND = { name: 'search_behind', text: countOfWaiting(MOST_ROWS) };

interface Block {
  readonly number: number;
  readonly first: number;
  documents: number;
}

interface JournalRow {
  readonly id: number;
  /** Numbers of 64 bits, as the driver gives those of an array. */
  readonly messages: readonly (number | string)[];
}

/** Indexes some messages. Returns how many rows of the journal are done: 0 too if another node is at it. */
export function indexStep(connections: Connections, blockMessages = BLOCK_MESSAGES): Promise<number> {
  return connections.transaction(async (connection) => {
    await connection.exec('SET LOCAL synchronous_commit = off');
    if ((await connection.run<{ has: boolean }>(LOCK)).rows[0]?.has !== true) return 0;
    const ids: number[] = [];
    const done: number[] = [];
    for (const { id, messages } of (await connection.run<JournalRow>(JOURNAL)).rows) {
      ids.push(...messages.map(Number));
      done.push(id);
      if (ids.length >= STEP_MESSAGES) break;
    }
    if (done.length === 0) return 0;
    await addWords(connection, ids, blockMessages);
    await connection.run(INDEXED, [int8Array(done)]);
    await connection.run(EMPTY_LIST);
    return done.length;
  });
}

/** Returns a statement for the number of messages that are not indexed yet, of so many rows of the journal at most. */
export function countOfWaiting(rows: number): string {
  return `SELECT coalesce(sum(cardinality(messages)), 0)::int AS messages
    FROM (SELECT messages FROM search_journal LIMIT ${rows}) AS waiting`;
}

/** Returns how many messages are not indexed yet, of the first {@link MOST_ROWS} rows. */
export async function countWaiting(connections: Connections): Promise<number> {
  return (await connections.run<{ messages: number }>(BEHIND)).rows[0]?.messages ?? 0;
}

async function addWords(
  connection: Connection,
  ids: readonly number[],
  blockMessages: number,
): Promise<void> {
  const documents = (await readDocuments(connection, ids)).sort((a, b) => a.id - b.id);
  const blocks = (await connection.run<Block>(BLOCKS)).rows;
  const counts = new Map<number, number>();
  let greatest = (await connection.run<{ id: number | null }>(GREATEST)).rows[0]?.id ?? 0;
  const rows: [number, string][] = [];
  for (const document of documents) {
    const { id } = document;
    let block = blocks.filter(({ first }) => first <= id).at(-1);
    if (block === undefined) continue;
    if (block === blocks.at(-1) && block.documents >= blockMessages && id > greatest) {
      block = { number: block.number + 1, first: greatest + 1, documents: 0 };
      blocks.push(block);
      await connection.run(ADD_BLOCK, [block.number, block.first]);
    }
    block.documents += 1;
    counts.set(block.number, (counts.get(block.number) ?? 0) + 1);
    greatest = Math.max(greatest, id);
    rows.push([id, wordsInBlock(document, block.number)]);
  }
  await connection.run(ADD, [int8Array(rows.map(([id]) => id)), textArray(rows.map(([, words]) => words))]);
  await connection.run(COUNT, [int4Array([...counts.keys()]), int4Array([...counts.values()])]);
}
