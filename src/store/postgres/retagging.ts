/** Puts tags on messages and takes them off, with what was counted of them. */
import { allFactsOf, isNotification } from '../counting.js';
import type { Retag } from '../mail.js';
import type { AttemptOutcome } from '../queue.js';
import { retagged } from '../retag.js';
import { int8Array } from './arrays.js';
import type { Connection } from './connection.js';
import { Deltas, insertDeltas } from './deltas.js';
import { type LockedMessage, lockMessages } from './locked.js';
import { Rows } from './rows.js';

const TAGS = new Rows(['int8', 'text'], 1);
const LOST = new Rows(['text', 'int8'], TAGS.next);
const GAINED = new Rows(['text', 'int8', 'int4'], LOST.next);
const WRITE = {
  name: 'retag',
  text: `WITH changed AS (UPDATE message SET tags = u.tags FROM ${TAGS.as('u', 'id, tags')} WHERE message.id = u.id),
    lost AS (DELETE FROM tag USING ${LOST.as('u', 'name, id')} WHERE tag.name = u.name AND tag.message_id = u.id),
    gained AS (INSERT INTO tag (name, message_id, domain_id) SELECT * FROM ${GAINED.unnest} ON CONFLICT DO NOTHING)
    ${insertDeltas(GAINED.next)}`,
};
const ATTEMPTS = {
  name: 'retag_attempts',
  text: 'SELECT message_id AS id, outcome, at FROM attempt WHERE message_id = ANY($1::int8[])',
};

interface AttemptRow {
  readonly id: number;
  readonly outcome: AttemptOutcome;
  readonly at: number;
}

/** Changes the tags of some messages, in the transaction of the connection. Returns the ids of those that it changed. */
export async function retag(
  connection: Connection,
  ids: readonly number[],
  asked: Retag,
): Promise<ReadonlySet<number>> {
  const tags: [number, string | null][] = [];
  const lost: [string, number][] = [];
  const gained: [string, number, number][] = [];
  const counted: { readonly message: LockedMessage; readonly tag: string; readonly sign: 1 | -1 }[] = [];
  for (const message of (await lockMessages(connection, ids)).values()) {
    const { id, domainId } = message;
    const change = retagged(message.tags === null ? [] : (JSON.parse(message.tags) as string[]), asked);
    if (change === null) continue;
    tags.push([id, change.tags.length === 0 ? null : JSON.stringify(change.tags)]);
    lost.push(...change.lost.map((tag): [string, number] => [tag, id]));
    gained.push(...change.gained.map((tag): [string, number, number] => [tag, id, domainId]));
    if (isNotification(message.reversePath)) continue;
    for (const tag of change.gained) counted.push({ message, tag, sign: 1 });
    for (const tag of change.lost) counted.push({ message, tag, sign: -1 });
  }
  if (tags.length === 0) return new Set();
  const attempts = (await connection.run<AttemptRow>(ATTEMPTS, [int8Array(tags.map(([id]) => id))])).rows;
  const deltas = new Deltas();
  for (const { message, tag, sign } of counted) {
    const own = attempts.filter(({ id }) => id === message.id);
    for (const { measure, at, count } of allFactsOf(message, message.recipients.length, own)) {
      deltas.tagged(message.domainId, tag, at, measure, sign * count);
    }
  }
  const written = [...TAGS.values(tags), ...LOST.values(lost), ...GAINED.values(gained), ...deltas.values()];
  await connection.run(WRITE, written);
  return new Set(tags.map(([id]) => id));
}
