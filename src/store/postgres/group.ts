/** Stores a group of messages: in one statement, or in one transaction if more belongs to it. */
import type { NewCommit } from '../intake/draft.js';
import { StoreError } from '../port.js';
import { ACCEPT, acceptValues } from './accept.js';
import { ACCEPT_PLAIN, isPlain, plainValues } from './accept-plain.js';
import { int8Array } from './arrays.js';
import type { DatabaseClock } from './clock.js';
import type { Connection } from './connection.js';
import { isAboutData, OutcomeUnknown } from './errors.js';
import { completeWithMessage } from './idempotency.js';
import { UnknownDomain } from './known-domains.js';
import { fulfil } from './reports.js';

const CLOSE_UPLOADS = {
  name: 'upload_close',
  text: `WITH closed AS (DELETE FROM upload WHERE message_id = ANY($1::int8[]) RETURNING message_id)
    SELECT message_id AS id, (SELECT count(*) FROM chunk WHERE chunk.message_id = closed.message_id) AS chunks
    FROM closed`,
};

/** The chunks before the last one are missing. */
export class LostContent extends StoreError {
  constructor() {
    super('failed', 'earlier content of the message is lost; it must be sent again');
  }
}

/**
 * True if nothing of the group is stored because of one of its messages, so that each of them is worth a try alone.
 */
export function isAboutOne(error: unknown): boolean {
  return (
    isAboutData(error) ||
    error instanceof LostContent ||
    error instanceof UnknownDomain ||
    (error instanceof StoreError && (error.code === 'superseded' || error.code === 'fulfilled'))
  );
}

/**
 * Stores messages with all that follows from them.
 *
 * @param group the number of the group, which no other group has
 * @throws OutcomeUnknown if the connection was lost while it was stored
 * @throws anything else if nothing of it is stored
 */
export async function storeGroup(
  connection: Connection,
  group: number,
  commits: readonly NewCommit[],
  clock: DatabaseClock,
): Promise<void> {
  const uploads = commits.filter(({ sequence }) => sequence > 0);
  const fulfilments = commits.flatMap(({ message }) => message.fulfils ?? []);
  const completions = commits.flatMap(({ message }) => message.completes ?? []);
  if (uploads.length + completions.length + fulfilments.length === 0) {
    await accept(connection, group, commits, clock);
    return;
  }
  await connection.exec('BEGIN');
  try {
    if (uploads.length > 0) await closeUploads(connection, uploads);
    for (const fulfilment of fulfilments) await fulfil(connection, fulfilment);
    for (const completion of completions) await completeWithMessage(connection, completion);
    await accept(connection, group, commits, clock);
  } catch (error) {
    if (!connection.isLost) await connection.exec('ROLLBACK').catch(() => connection.destroy());
    // Without COMMIT nothing is stored, whatever has become of the connection.
    if (error instanceof OutcomeUnknown) throw new StoreError('failed', error.message, { cause: error });
    throw error;
  }
  await connection.exec('COMMIT');
}

async function accept(
  connection: Connection,
  group: number,
  commits: readonly NewCommit[],
  clock: DatabaseClock,
): Promise<void> {
  // The plain statement computes when messages are due from the times at which they came.
  const isAhead = commits.some(
    ({ message: { receivedAt } }) => clock.dueAfter(receivedAt) < clock.toDatabase(receivedAt),
  );
  if (!isAhead && commits.every(isPlain))
    await connection.run(ACCEPT_PLAIN, plainValues(group, commits, clock));
  else await connection.run(ACCEPT, acceptValues(group, commits, clock));
}

/** @throws LostContent if chunks of a message are missing */
async function closeUploads(connection: Connection, uploads: readonly NewCommit[]): Promise<void> {
  const ids = int8Array(uploads.map((upload) => upload.id));
  const { rows } = await connection.run<{ id: number; chunks: number }>(CLOSE_UPLOADS, [ids]);
  const chunks = new Map(rows.map((row) => [row.id, row.chunks]));
  if (uploads.some((upload) => chunks.get(upload.id) !== upload.sequence)) throw new LostContent();
}
