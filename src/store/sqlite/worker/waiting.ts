/** SQL for an operator's view of the queue, and operations on it. */
import type { Attempt, Waiting, WaitingQuery } from '../../queue.js';
import { isWaiting, statusOf } from '../../status.js';
import type { Status } from '../../port.js';
import { ATTEMPT, type Attempts } from './attempts.js';
import type { Database } from './database.js';
import { DUE_AT_ONCE } from '../../due-time.js';
import type { Counters } from './counters.js';
import type { Outbox } from './outbox.js';

type WaitingRow = Omit<Waiting, 'leased' | 'lastAttempt'> & { readonly leased: number } & {
  readonly [Field in keyof Attempt]: Attempt[Field] | null;
};

/** The messages that have a recipient waiting are those of two statuses: each in the order of an index, merged. */
const MESSAGES = (['queued', 'deferred'] as const).map(
  (status) => `SELECT id FROM message WHERE status = '${status}' AND id > ?1`,
);
const OF_DOMAIN = MESSAGES.map((select) => `${select} AND domain_id = ?3`);
const inOrder = (selects: readonly string[]): string => `${selects.join(' UNION ALL ')} ORDER BY id LIMIT ?2`;

interface WaitingRecipient {
  readonly position: number;
  readonly forwardPath: string;
  readonly attempts: number;
  readonly status: Status;
}

export class WaitingRecipients {
  readonly #attempts: Attempts;
  readonly #outbox: Outbox;
  readonly #counters: Counters;
  readonly #domainId;
  readonly #ids;
  readonly #idsOfDomain;
  readonly #ofMessage;
  readonly #recipients;
  readonly #message;
  readonly #setRelease;
  readonly #enqueue;
  readonly #hasten;
  readonly #dequeue;
  readonly #setRecipient;
  readonly #setMessage;
  readonly #dropNotices;

  constructor(database: Database, attempts: Attempts, outbox: Outbox, counters: Counters) {
    this.#counters = counters;
    this.#attempts = attempts;
    this.#outbox = outbox;
    this.#domainId = database.prepare('SELECT id FROM domain WHERE name = ?');
    this.#ids = database.prepare(inOrder(MESSAGES));
    this.#idsOfDomain = database.prepare(inOrder(OF_DOMAIN));
    this.#ofMessage = database.prepare(`
      SELECT message.id AS id, domain.name AS domain, message.header_from AS "from",
        recipient.forward_path AS forwardPath, recipient.status AS status, message.received_at AS receivedAt,
        recipient.attempts AS attempts, recipient.next_attempt_at AS nextAttemptAt,
        queue.lease IS NOT NULL AND queue.due_at > ?2 AS leased, ${ATTEMPT}
      FROM message JOIN domain ON domain.id = message.domain_id
        JOIN recipient ON recipient.message_id = message.id
        LEFT JOIN queue ON queue.message_id = message.id
        LEFT JOIN attempt ON attempt.message_id = message.id AND attempt.position = recipient.position
          AND attempt.number = recipient.attempts
      WHERE message.id = ?1 AND recipient.status IN ('queued', 'deferred') ORDER BY recipient.position`);
    this.#recipients = database.prepare(
      'SELECT position, forward_path AS forwardPath, status, attempts FROM recipient WHERE message_id = ? ORDER BY position',
    );
    this.#message = database.prepare(
      'SELECT domain_id AS domainId, priority, status FROM message WHERE id = ?',
    );
    this.#setRelease = database.prepare('UPDATE message SET release_at = ? WHERE id = ?');
    this.#enqueue = database.prepare(
      'INSERT INTO queue (message_id, domain_id, priority, due_at) VALUES (?, ?, ?, ?)',
    );
    this.#hasten = database.prepare(
      `UPDATE queue SET due_at = ${DUE_AT_ONCE} WHERE message_id = ? AND lease IS NULL`,
    );
    this.#dequeue = database.prepare('DELETE FROM queue WHERE message_id = ?');
    this.#setRecipient = database.prepare(`
      UPDATE recipient SET status = ?, attempts = ?, next_attempt_at = ? WHERE message_id = ? AND position = ?`);
    this.#setMessage = database.prepare('UPDATE message SET status = ? WHERE id = ?');
    this.#dropNotices = database.prepare("DELETE FROM owed_report WHERE message_id = ? AND kind = 'delayed'");
  }

  /** @param now decides which leases have expired */
  waiting({ domain, after = 0, limit }: WaitingQuery, now: number): Waiting[] {
    return this.#idsAfter(domain, after, limit).flatMap((id) =>
      (this.#ofMessage.all(id, now) as unknown as WaitingRow[]).map(waiting),
    );
  }

  release(id: number, now: number): number {
    const held = this.#recipientsOf(id, (status) => status === 'held');
    const message = this.#message.get(id) as { domainId: number; priority: number } | undefined;
    if (message === undefined || held.length === 0) return 0;
    for (const { position, attempts } of held) this.#setRecipient.run('queued', attempts, now, id, position);
    this.#setRelease.run(now, id);
    this.#setStatus(id);
    this.#enqueue.run(id, message.domainId, message.priority, now);
    this.#outbox.queued(message.domainId, id, held.length, now);
    return held.length;
  }

  retry(id: number, now: number): number {
    const waiting = this.#recipientsOf(id, isWaiting);
    for (const { position, attempts, status } of waiting) {
      this.#setRecipient.run(status, attempts, now, id, position);
    }
    if (waiting.length > 0) this.#hasten.run(id);
    return waiting.length;
  }

  cancel(id: number, now: number): number {
    const given = this.#recipientsOf(id, (status) => status === 'held' || isWaiting(status));
    const attempt: Attempt = {
      at: now,
      outcome: 'cancelled',
      remoteHost: null,
      reply: 'taken off the queue by the operator',
      tls: null,
    };
    for (const { position, attempts } of given) {
      this.#setRecipient.run('cancelled', attempts + 1, null, id, position);
      this.#attempts.add(id, position, attempts + 1, attempt);
    }
    if (given.length === 0) return 0;
    const counted = this.#counters.counted(id);
    for (const { forwardPath } of given) this.#counters.attempted(counted, forwardPath, attempt);
    this.#setStatus(id);
    this.#dequeue.run(id);
    this.#dropNotices.run(id);
    return given.length;
  }

  #idsAfter(domain: string | undefined, after: number, limit: number): number[] {
    let rows;
    if (domain === undefined) rows = this.#ids.all(after, limit);
    else {
      const found = this.#domainId.get(domain) as { id: number } | undefined;
      rows = found === undefined ? [] : this.#idsOfDomain.all(after, limit, found.id);
    }
    return (rows as { id: number }[]).map(({ id }) => id);
  }

  #recipientsOf(id: number, chosen: (status: Status) => boolean): WaitingRecipient[] {
    const rows = this.#recipients.all(id) as unknown as WaitingRecipient[];
    return rows.filter(({ status }) => chosen(status));
  }

  #setStatus(id: number): void {
    const status = statusOf(this.#recipientsOf(id, () => true).map(({ status }) => status));
    const message = this.#message.get(id) as { domainId: number; status: Status };
    if (status === message.status) return;
    this.#setMessage.run(status, id);
    this.#counters.statusChanged(message.domainId, message.status, status);
  }
}

function waiting({ at, outcome, remoteHost, reply, tls, ...row }: WaitingRow): Waiting {
  const lastAttempt =
    at === null || outcome === null || reply === null ? null : { at, outcome, remoteHost, reply, tls };
  return { ...row, leased: row.leased === 1, lastAttempt };
}
