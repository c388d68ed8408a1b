/** The statement that stores a group of messages, and its parameters. */
import type { NewCommit } from '../intake/draft.js';
import { needsColumn } from '../columns/needs.js';
import { originColumn } from '../columns/origin.js';
import { notifyColumn, TERMS_COLUMNS, termsColumns } from '../columns/terms.js';
import { byteaArray, int4Array, int8Array, textArray } from './arrays.js';
import type { DatabaseClock } from './clock.js';
import { Deltas, insertDeltas } from './deltas.js';

type Value = string | number | null;

const TYPES = { int8: int8Array, int4: int4Array, text: textArray } as const;
type Type = keyof typeof TYPES;

const MESSAGE: readonly (readonly [string, Type])[] = [
  ['id', 'int8'],
  ['domain_id', 'int4'],
  ['status', 'text'],
  ['size', 'int8'],
  ['received_at', 'int8'],
  ['reverse_path', 'text'],
  ['header_from', 'text'],
  ['subject', 'text'],
  ['tags', 'text'],
  ['list_unsubscribe', 'text'],
  ['header_message_id', 'text'],
  ['tls', 'text'],
  ['client_address', 'text'],
  ['needs', 'int4'],
  ['origin', 'text'],
  ['ret', 'text'],
  ['envelope_id', 'text'],
  ['release_at', 'int8'],
  ['deliver_by', 'int8'],
  ['deliver_by_mode', 'text'],
  ['priority', 'int4'],
  ['require_tls', 'int4'],
  ['body', 'text'],
  ['smtputf8', 'int4'],
];
const RECIPIENT: readonly (readonly [string, Type])[] = [
  ['message_id', 'int8'],
  ['position', 'int4'],
  ['forward_path', 'text'],
  ['status', 'text'],
  ['notify', 'text'],
  ['original_recipient', 'text'],
  ['next_attempt_at', 'int8'],
];

/** Columns of {@link MESSAGE} before those of the terms. */
const OWN = MESSAGE.length - TERMS_COLUMNS.length;
const FIRST_RECIPIENT = 2 + MESSAGE.length;
const FIRST_REST = FIRST_RECIPIENT + RECIPIENT.length;
/** Types of the arrays for tags, chunks, the queue and its events. */
const REST = [
  ...(['int8', 'text', 'int4'] as const),
  ...(['int8', 'int4', 'bytea'] as const),
  ...(['int8', 'int4', 'int4', 'int8', 'text', 'int8', 'int8'] as const),
];
const FIRST_DELTA = FIRST_REST + REST.length;

const names = (columns: readonly (readonly [string, Type])[]): string =>
  columns.map(([name]) => name).join(', ');
const parameters = (types: readonly string[], first: number): string =>
  types.map((type, index) => `$${first + index}::${type}[]`).join(', ');
const rest = (from: number, to: number): string => parameters(REST.slice(from, to), FIRST_REST + from);

const QUEUED = `unnest(${rest(6, 13)}) AS q (id, domain_id, rank, due, positions, at, event_due)`;

/** One statement for a whole group: one round trip, one transaction, one sync. */
export const ACCEPT = {
  name: 'accept',
  text: `
    WITH fence AS (INSERT INTO accept_group (id, fenced) VALUES ($1::int8, false)),
      stored AS (INSERT INTO message (${names(MESSAGE)}) SELECT * FROM unnest(${parameters(
        MESSAGE.map(([, type]) => type),
        2,
      )})),
      sent AS (INSERT INTO recipient (${names(RECIPIENT)}) SELECT * FROM unnest(${parameters(
        RECIPIENT.map(([, type]) => type),
        FIRST_RECIPIENT,
      )})),
      tagged AS (INSERT INTO tag (message_id, name, domain_id) SELECT * FROM unnest(${rest(0, 3)})),
      waiting AS (INSERT INTO queue (message_id, domain_id, rank, due_at)
        SELECT id, domain_id, rank::smallint, due FROM ${QUEUED}),
      events AS (INSERT INTO webhook_event (domain_id, name, message_id, positions, at, due_at)
        SELECT q.domain_id, 'email.queued', q.id, q.positions, q.at, q.event_due FROM ${QUEUED}
          JOIN webhook ON webhook.domain_id = q.domain_id AND off_since IS NULL AND events ? 'email.queued'),
      counted AS (${insertDeltas(FIRST_DELTA)}),
      late AS (INSERT INTO late_message (message_id, domain_id, above)
        SELECT u.id, u.domain_id, stored_before.greatest FROM unnest($2::int8[], $3::int4[]) AS u (id, domain_id)
          JOIN (SELECT max(id) AS greatest FROM message) AS stored_before ON u.id < stored_before.greatest),
      journal AS (INSERT INTO search_journal (id, messages) VALUES ($1::int8, $2::int8[]))
    INSERT INTO chunk (message_id, sequence, octets) SELECT * FROM unnest(${rest(3, 6)})`,
};

/** @param group the number of the group, which no other group has */
export function acceptValues(
  group: number,
  commits: readonly NewCommit[],
  clock: Pick<DatabaseClock, 'toDatabase' | 'dueAfter'>,
): (Buffer | number)[] {
  const deltas = new Deltas();
  const messages: Value[][] = MESSAGE.map(() => []);
  const recipients: Value[][] = RECIPIENT.map(() => []);
  const tags: [number[], string[], number[]] = [[], [], []];
  const chunks: [number[], number[], Uint8Array[]] = [[], [], []];
  const queue: [number[], number[], number[], number[]] = [[], [], [], []];
  const events: [string[], number[], number[]] = [[], [], []];
  for (const { id, message, size, sequence, content } of commits) {
    const { domainId, status, receivedAt, terms } = message;
    const received = clock.dueAfter(receivedAt);
    const due = status === 'queued' ? (terms?.releaseAt ?? received) : null;
    const recipientCount = message.recipients.length;
    const own: Value[] = [
      ...[id, domainId, status, size, receivedAt, message.reversePath, message.from, message.subject],
      message.tags.length === 0 ? null : JSON.stringify(message.tags),
      ...[message.listUnsubscribe, message.messageId, message.tls, message.clientAddress],
      ...[needsColumn(message.needs), originColumn(message.origin)],
    ];
    push(messages, [...own.slice(0, OWN), ...termsColumns(terms)]);
    for (const [
      position,
      { forwardPath, notify, originalRecipient = null },
    ] of message.recipients.entries()) {
      push(recipients, [id, position, forwardPath, status, notifyColumn(notify), originalRecipient, due]);
    }
    for (const tag of message.tags) push(tags, [id, tag, domainId]);
    if (content !== null) push(chunks, [id, sequence, content]);
    deltas.accepted(domainId, message, recipientCount, status, size);
    if (due === null) continue;
    const positions = JSON.stringify(Array.from({ length: recipientCount }, (_, position) => position));
    push(queue, [id, domainId, -(terms?.priority ?? 0), due]);
    push(events, [positions, receivedAt, received]);
  }
  return [
    group,
    ...MESSAGE.map(([, type], at) => encoded(type, messages[at] ?? [])),
    ...RECIPIENT.map(([, type], at) => encoded(type, recipients[at] ?? [])),
    ...[int8Array(tags[0]), textArray(tags[1]), int4Array(tags[2])],
    ...[int8Array(chunks[0]), int4Array(chunks[1]), byteaArray(chunks[2])],
    ...[int8Array(queue[0]), int4Array(queue[1]), int4Array(queue[2]), int8Array(queue[3])],
    ...[textArray(events[0]), int8Array(events[1]), int8Array(events[2])],
    ...deltas.values(),
  ];
}

function push(columns: unknown[][], row: readonly unknown[]): void {
  for (const [at, value] of row.entries()) columns[at]?.push(value);
}

function encoded(type: Type, values: readonly Value[]): Buffer {
  // The table of columns above says which type each one has.
  return (TYPES[type] as (values: readonly Value[]) => Buffer)(values);
}
