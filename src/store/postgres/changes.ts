/** What one transaction changes of messages it has locked, and the statement that writes it. */
import { eventsOf } from '../outbox.js';
import type { Status } from '../port.js';
import type { Attempt, ReportKind } from '../queue.js';
import type { StoredRecipient } from '../settlement.js';
import type { EventName } from '../webhooks.js';
import type { DatabaseClock } from './clock.js';
import type { Connection, Statement } from './connection.js';
import { Deltas, insertDeltas } from './deltas.js';
import type { LockedMessage } from './locked.js';
import { Rows } from './rows.js';

const EXPECTED = new Rows(['int8', 'text', 'text'], 1);
const RECIPIENTS = new Rows(['int8', 'int4', 'text', 'int4', 'int8', 'int4'], EXPECTED.next);
const ATTEMPTS = new Rows(['int8', 'int4', 'int4', 'int8', 'text', 'text', 'text', 'text'], RECIPIENTS.next);
const OWED = new Rows(['int8', 'int4', 'text', 'int4', 'int8'], ATTEMPTS.next);
const FORGOTTEN = new Rows(['int8', 'int4'], OWED.next);
const BLOCKS = new Rows(['int4', 'text', 'int8', 'text'], FORGOTTEN.next);
const EVENTS = new Rows(['int4', 'text', 'int8', 'text', 'text', 'int8', 'int8'], BLOCKS.next);
const STATUSES = new Rows(['int8', 'text'], EVENTS.next);
const REMOVED = new Rows(['int8', 'int8'], STATUSES.next);
const FREED = new Rows(['int8', 'int8', 'int8', 'int4'], REMOVED.next);
const DELTAS = FREED.next;

/** True if the messages were not locked before: then the statement locks them, and compares them with what is expected. */
const CHECKED = `cardinality($${EXPECTED.first}::int8[]) > 0`;

/**
 * One round trip for all that settlements write. The parts change different tables, or different rows of the queue.
 *
 * If messages are expected to be in a state, the statement locks them first, as every transaction does that changes
 * recipients. Each part that changes rows then looks for the state that is expected, in the latest version of the row;
 * the statement fails if one of them has another state.
 */
const WRITE: Statement = {
  name: 'messages_write',
  text: `
    WITH locked AS MATERIALIZED (SELECT message.id FROM message
      JOIN ${EXPECTED.as('u', 'id, status, tags')} ON message.id = u.id
      WHERE message.status = u.status AND message.tags IS NOT DISTINCT FROM u.tags
      ORDER BY message.id FOR UPDATE OF message),
    recipients AS (UPDATE recipient SET status = u.status, attempts = u.attempts, next_attempt_at = u.next,
        delay_reported = u.reported <> 0
      FROM ${RECIPIENTS.as('u', 'id, position, status, attempts, next, reported')}
      WHERE recipient.message_id = u.id AND recipient.position = u.position
        AND (NOT ${CHECKED} OR recipient.attempts = u.attempts - 1 AND recipient.status IN ('queued', 'deferred'))
      RETURNING 1),
    attempts AS (INSERT INTO attempt (message_id, position, number, at, outcome, remote_host, reply, tls)
      SELECT * FROM ${ATTEMPTS.unnest}),
    owed AS (INSERT INTO owed_report (message_id, position, kind, attempt, next_attempt_at)
      SELECT * FROM ${OWED.unnest}
      ON CONFLICT (message_id, position) DO UPDATE SET kind = excluded.kind, attempt = excluded.attempt,
        next_attempt_at = excluded.next_attempt_at),
    forgotten AS (DELETE FROM owed_report USING ${FORGOTTEN.as('u', 'id, position')}
      WHERE owed_report.message_id = u.id AND owed_report.position = u.position),
    blocks AS (INSERT INTO block_entry AS old (domain_id, address, verdict, since, reason)
      SELECT domain_id, address, 'blocked', since, reason
      FROM ${BLOCKS.as('u', 'domain_id, address, since, reason')} ORDER BY domain_id, address
      ON CONFLICT (domain_id, address) DO UPDATE SET verdict = 'blocked', since = excluded.since,
        reason = excluded.reason, expires_at = NULL WHERE old.expires_at <= excluded.since),
    events AS (INSERT INTO webhook_event (domain_id, name, message_id, positions, attempt, at, due_at)
      SELECT u.domain_id, u.name, u.message_id, u.positions, u.attempt, u.at, u.due
      FROM ${EVENTS.as('u', 'domain_id, name, message_id, positions, attempt, at, due', 'n')}
        JOIN webhook ON webhook.domain_id = u.domain_id AND off_since IS NULL AND events ? u.name
      ORDER BY u.n),
    statuses AS (UPDATE message SET status = u.status FROM ${STATUSES.as('u', 'id, status')}
      WHERE message.id = u.id),
    removed AS (DELETE FROM queue USING ${REMOVED.as('u', 'id, lease')}
      WHERE queue.message_id = u.id AND (NOT ${CHECKED} OR queue.lease = u.lease) RETURNING 1),
    freed AS (UPDATE queue SET lease = NULL, attempting = 0, due_at = u.due,
        crashes = CASE u.attempted WHEN 0 THEN crashes ELSE 0 END
      FROM ${FREED.as('u', 'id, lease, due, attempted')}
      WHERE queue.message_id = u.id AND queue.lease IS NOT DISTINCT FROM u.lease RETURNING 1),
    counted AS (${insertDeltas(DELTAS)})
    SELECT CASE WHEN NOT ${CHECKED} THEN true
      WHEN (SELECT count(*) FROM locked) <> cardinality($${EXPECTED.first}::int8[]) THEN refuse_settlement()
      WHEN (SELECT count(*) FROM recipients) <> cardinality($${RECIPIENTS.first}::int8[]) THEN refuse_settlement()
      WHEN (SELECT count(*) FROM removed) + (SELECT count(*) FROM freed) <> cardinality($${EXPECTED.first}::int8[])
        THEN refuse_settlement()
      ELSE true END`,
};

/** Runs a statement: a connection, or a pool of them. */
type Runner = Pick<Connection, 'run'>;

/** If a message is in several changes of one kind, the last one counts. */
export class MessageChanges {
  readonly deltas = new Deltas();
  readonly #clock: DatabaseClock;
  readonly #recipients = new Map<string, (string | number | null)[]>();
  readonly #attempts: (string | number | null)[][] = [];
  readonly #owed = new Map<string, (string | number | null)[] | { id: number; position: number }>();
  readonly #blocks = new Map<string, (string | number)[]>();
  readonly #events: (string | number | null)[][] = [];
  readonly #statuses = new Map<number, Status>();
  readonly #removed = new Map<number, number | null>();
  readonly #freed = new Map<number, (number | null)[]>();

  constructor(clock: DatabaseClock) {
    this.#clock = clock;
  }

  recipient(id: number, position: number, recipient: StoredRecipient): void {
    const { status, attempts, nextAttemptAt, delayReported } = recipient;
    const row = [id, position, status, attempts, nextAttemptAt, delayReported ? 1 : 0];
    this.#recipients.set(`${id} ${position}`, row);
  }

  /** Adds an attempt, and counts it. @param number of the attempt, from 1 without gaps */
  attempt(message: LockedMessage, position: number, number: number, attempt: Attempt): void {
    const { at, outcome, remoteHost, reply, tls } = attempt;
    this.#attempts.push([message.id, position, number, at, outcome, remoteHost, reply, tls]);
    this.deltas.attempted(message, message.recipients[position]?.forwardPath ?? '', attempt);
  }

  /** @param attempt number of the attempt that it is about */
  owe(id: number, position: number, kind: ReportKind, attempt: number, nextAttemptAt: number | null): void {
    this.#owed.set(`${id} ${position}`, [id, position, kind, attempt, nextAttemptAt]);
  }

  forget(id: number, position: number): void {
    this.#owed.set(`${id} ${position}`, { id, position });
  }

  /** Blocks an address that a message bounced from, unless it has an entry already. */
  block(domainId: number, forwardPath: string, since: number, reason: string): void {
    const address = forwardPath.toLowerCase();
    const key = `${domainId} ${address}`;
    if (!this.#blocks.has(key)) this.#blocks.set(key, [domainId, address, since, reason]);
  }

  /** A message has come onto the queue. */
  queued({ id, domainId, recipients }: LockedMessage, at: number): void {
    const positions = recipients.map(({ position }) => position);
    this.#event(domainId, 'email.queued', id, positions, null, at);
  }

  /** Recipients have a new status. */
  settled(
    { id, domainId }: LockedMessage,
    changes: readonly { readonly position: number; readonly attempt: Attempt }[],
  ): void {
    for (const { name, positions, attempt } of eventsOf(changes)) {
      if (name === 'email.cancelled') continue;
      this.#event(domainId, name, id, positions, JSON.stringify(attempt), attempt.at);
    }
  }

  status({ id, domainId, status: old }: LockedMessage, status: Status): void {
    if (status === old) return;
    this.#statuses.set(id, status);
    this.deltas.statusChanged(domainId, old, status);
  }

  /** Takes a message off the queue. */
  dequeue({ id, lease }: LockedMessage): void {
    this.#removed.set(id, lease ?? null);
  }

  /**
   * Ends the lease that the message had when it was locked, if it had one.
   *
   * @param due on the database's clock
   * @param attempted false if there was no attempt: then crashes still count
   */
  free({ id, lease }: LockedMessage, due: number, attempted: boolean): void {
    this.#freed.set(id, [id, lease ?? null, due, attempted ? 1 : 0]);
  }

  /**
   * Writes the changes.
   *
   * @param expected messages as they were when the changes were made, if the transaction has not locked them: each of them
   *   must be leased, all its recipients change, and it leaves the queue or its lease ends
   * @throws what the server answers; nothing is written if a message has changed meanwhile
   */
  async write(connection: Runner, expected: readonly LockedMessage[] = []): Promise<void> {
    const owed = [...this.#owed.values()];
    await connection.run(WRITE, [
      ...EXPECTED.values(expected.map(({ id, status, tags }) => [id, status, tags])),
      ...RECIPIENTS.values([...this.#recipients.values()]),
      ...ATTEMPTS.values(this.#attempts),
      ...OWED.values(owed.filter((row) => Array.isArray(row))),
      ...FORGOTTEN.values(owed.flatMap((row) => (Array.isArray(row) ? [] : [[row.id, row.position]]))),
      ...BLOCKS.values([...this.#blocks.values()]),
      ...EVENTS.values(this.#events),
      ...STATUSES.values([...this.#statuses]),
      ...REMOVED.values([...this.#removed]),
      ...FREED.values([...this.#freed.values()]),
      ...this.deltas.values(),
    ]);
  }

  #event(
    domainId: number,
    name: EventName,
    message: number,
    positions: readonly number[],
    attempt: string | null,
    at: number,
  ): void {
    const due = this.#clock.dueAfter(at);
    this.#events.push([domainId, name, message, JSON.stringify(positions), attempt, at, due]);
  }
}
