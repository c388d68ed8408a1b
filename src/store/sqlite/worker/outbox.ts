/** SQL that writes events for webhooks, in the transactions that they report. */
import { eventsOf } from '../../outbox.js';
import type { MessageId } from '../../port.js';
import type { Attempt } from '../../queue.js';
import type { EventName } from '../../webhooks.js';
import type { Database } from './database.js';

/** SQL for the events that the webhook of `message.domain_id` wants, a JSON array; null if none is called. */
export const WANTED_EVENTS =
  '(SELECT events FROM webhook WHERE webhook.domain_id = message.domain_id AND off_since IS NULL)';

export class Outbox {
  readonly #wanted;
  readonly #insert;

  constructor(database: Database) {
    this.#wanted = database.prepare('SELECT events FROM webhook WHERE domain_id = ? AND off_since IS NULL');
    this.#insert = database.prepare(`
      INSERT INTO webhook_event (domain_id, name, message_id, positions, attempt, at, due_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)`);
  }

  /** A message has come onto the queue, with so many recipients. */
  queued(domainId: number, message: MessageId, recipients: number, at: number): void {
    if (!this.#wants(domainId).includes('email.queued')) return;
    const positions = Array.from({ length: recipients }, (_, position) => position);
    this.#write(domainId, 'email.queued', message, positions, null, at);
  }

  /**
   * Writes events for recipients with a new status: those with the same result share one event.
   *
   * @param events what {@link WANTED_EVENTS} gives; by default it is asked for
   */
  settled(
    domainId: number,
    message: MessageId,
    changes: readonly { readonly position: number; readonly attempt: Attempt }[],
    events?: string,
  ): void {
    if (changes.length === 0) return;
    const wanted = events === undefined ? this.#wants(domainId) : (JSON.parse(events) as EventName[]);
    if (wanted.length === 0) return;
    for (const { name, positions, attempt } of eventsOf(changes)) {
      const event = wanted.find((wanted) => wanted === name);
      if (event === undefined) continue;
      this.#write(domainId, event, message, positions, JSON.stringify(attempt), attempt.at);
    }
  }

  #wants(domainId: number): readonly EventName[] {
    const row = this.#wanted.get(domainId) as { events: string } | undefined;
    return row === undefined ? [] : (JSON.parse(row.events) as EventName[]);
  }

  #write(
    domainId: number,
    name: EventName,
    message: MessageId,
    positions: readonly number[],
    attempt: string | null,
    at: number,
  ): void {
    this.#insert.run(domainId, name, message, JSON.stringify(positions), attempt, at);
  }
}
