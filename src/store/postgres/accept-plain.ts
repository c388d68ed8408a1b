/**
 * The statement that stores a group of messages for which nothing special was asked, which is nearly every group: no tags, no
 * terms of delivery but BODY=, no terms of a recipient. `accept.ts` has the one for all others.
 *
 * Each array that a statement takes apart costs some microseconds, and so does each table that it writes. This statement has
 * 28 arrays where the other one takes 56 apart. What goes on the queue comes from the rows of the messages.
 */
import { needsColumn } from '../columns/needs.js';
import { originColumn } from '../columns/origin.js';
import { areDefault } from '../columns/terms.js';
import type { NewCommit } from '../intake/draft.js';
import { byteaArray, int4Array, int8Array, textArray } from './arrays.js';
import type { DatabaseClock } from './clock.js';
import { Deltas, insertDeltas } from './deltas.js';

/** Parameters: the group's number, the lead of the database's clock, then arrays. */
const MESSAGE = `$3::int8[], $4::int4[], $5::text[], $6::int8[], $7::int8[], $8::text[], $9::text[], $10::text[],
  $11::text[], $12::text[], $13::text[], $14::int4[], $15::text[], $16::text[]`;
const RECIPIENT = '$17::int8[], $18::int4[], $19::text[], $20::text[], $21::int8[]';
const CHUNK = '$22::int8[], $23::int4[], $24::bytea[]';
const FIRST_DELTA = 26;

/** The positions of all recipients of a stored message, as a JSON array. Parameter 25 has their numbers. */
const POSITIONS = `(SELECT '[' || string_agg(position::text, ',' ORDER BY position) || ']' FROM generate_series(
  0, ($25::int4[])[array_position($3::int8[], stored.id)] - 1) AS position)`;

export const ACCEPT_PLAIN = {
  name: 'accept_plain',
  text: `
    WITH fence AS (INSERT INTO accept_group (id, fenced) VALUES ($1::int8, false)),
      stored AS (
        INSERT INTO message (id, domain_id, status, size, received_at, reverse_path, header_from, subject,
          header_message_id, tls, client_address, needs, origin, body, priority, require_tls, smtputf8)
        SELECT *, 0, 0, 0 FROM unnest(${MESSAGE}) RETURNING id, domain_id, status, received_at),
      sent AS (INSERT INTO recipient (message_id, position, forward_path, status, next_attempt_at)
        SELECT * FROM unnest(${RECIPIENT})),
      waiting AS (INSERT INTO queue (message_id, domain_id, rank, due_at)
        SELECT id, domain_id, 0, received_at + $2::int8 FROM stored WHERE status = 'queued'),
      events AS (INSERT INTO webhook_event (domain_id, name, message_id, positions, at, due_at)
        SELECT stored.domain_id, 'email.queued', stored.id, ${POSITIONS}, received_at, received_at + $2::int8
        FROM stored JOIN webhook ON webhook.domain_id = stored.domain_id
        WHERE status = 'queued' AND off_since IS NULL AND events ? 'email.queued'),
      counted AS (${insertDeltas(FIRST_DELTA)}),
      late AS (INSERT INTO late_message (message_id, domain_id, above)
        SELECT stored.id, domain_id, stored_before.greatest FROM stored
          JOIN (SELECT max(id) AS greatest FROM message) AS stored_before ON stored.id < stored_before.greatest),
      journal AS (INSERT INTO search_journal (id, messages) VALUES ($1::int8, $3::int8[]))
    INSERT INTO chunk (message_id, sequence, octets) SELECT * FROM unnest(${CHUNK})`,
};

/** Whether {@link ACCEPT_PLAIN} stores all that there is to know of a message. */
export function isPlain({ message: { tags, listUnsubscribe, terms, recipients } }: NewCommit): boolean {
  return (
    tags.length === 0 &&
    listUnsubscribe === null &&
    (terms === undefined || areDefault({ ...terms, body: null })) &&
    recipients.every(
      ({ notify, originalRecipient }) => (notify ?? null) === null && (originalRecipient ?? null) === null,
    )
  );
}

/** @param group the number of the group, which no other group has */
export function plainValues(
  group: number,
  commits: readonly NewCommit[],
  clock: Pick<DatabaseClock, 'toDatabase'>,
): (Buffer | number)[] {
  const lead = clock.toDatabase(0);
  const messages = commits.map(({ message }) => message);
  const ids: number[] = [];
  const positions: number[] = [];
  const paths: string[] = [];
  const statuses: string[] = [];
  const due: (number | null)[] = [];
  const deltas = new Deltas();
  for (const { id, message, size } of commits) {
    const { status, recipients, receivedAt } = message;
    for (const [position, { forwardPath }] of recipients.entries()) {
      ids.push(id);
      positions.push(position);
      paths.push(forwardPath);
      statuses.push(status);
      due.push(status === 'queued' ? receivedAt + lead : null);
    }
    deltas.accepted(message.domainId, message, recipients.length, status, size);
  }
  const chunks = commits.flatMap(({ id, sequence, content }) =>
    content === null ? [] : { id, sequence, content },
  );
  return [
    group,
    lead,
    int8Array(commits.map(({ id }) => id)),
    int4Array(messages.map(({ domainId }) => domainId)),
    textArray(messages.map(({ status }) => status)),
    int8Array(commits.map(({ size }) => size)),
    int8Array(messages.map(({ receivedAt }) => receivedAt)),
    textArray(messages.map(({ reversePath }) => reversePath)),
    textArray(messages.map(({ from }) => from)),
    textArray(messages.map(({ subject }) => subject)),
    textArray(messages.map(({ messageId }) => messageId)),
    textArray(messages.map(({ tls }) => tls)),
    textArray(messages.map(({ clientAddress }) => clientAddress)),
    int4Array(messages.map(({ needs }) => needsColumn(needs))),
    textArray(messages.map(({ origin }) => originColumn(origin))),
    textArray(messages.map(({ terms }) => terms?.body ?? null)),
    ...[int8Array(ids), int4Array(positions), textArray(paths), textArray(statuses), int8Array(due)],
    int8Array(chunks.map(({ id }) => id)),
    int4Array(chunks.map(({ sequence }) => sequence)),
    byteaArray(chunks.map(({ content }) => content)),
    int4Array(messages.map(({ recipients }) => recipients.length)),
    ...deltas.values(),
  ];
}
