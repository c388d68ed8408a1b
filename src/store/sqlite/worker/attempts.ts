/** SQL for the attempts of each recipient: one row for each. */
import type { Attempt } from '../../queue.js';
import type { Database } from './database.js';

/** An attempt's columns as the contract names them, in a query that calls its table `attempt`. */
export const ATTEMPT = `attempt.at AS at, attempt.outcome AS outcome, attempt.remote_host AS remoteHost,
  attempt.reply AS reply, attempt.tls AS tls`;

export class Attempts {
  readonly #insert;
  readonly #find;
  readonly #ofMessage;

  constructor(database: Database) {
    this.#insert = database.prepare(`
      INSERT INTO attempt (message_id, position, number, at, outcome, remote_host, reply, tls)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#find = database.prepare(
      `SELECT ${ATTEMPT} FROM attempt WHERE message_id = ? AND position = ? AND number = ?`,
    );
    this.#ofMessage = database.prepare(
      `SELECT position, ${ATTEMPT} FROM attempt WHERE message_id = ? ORDER BY position, number`,
    );
  }

  /** @param number of the attempt, from 1 without gaps */
  add(messageId: number, position: number, number: number, attempt: Attempt): void {
    const { at, outcome, remoteHost, reply, tls } = attempt;
    this.#insert.get(messageId, position, number, at, outcome, remoteHost, reply, tls);
  }

  find(messageId: number, position: number, number: number): Attempt | null {
    return (this.#find.get(messageId, position, number) as Attempt | undefined) ?? null;
  }

  /** Returns all attempts of a message, by the position of the recipient. */
  ofMessage(messageId: number): Map<number, Attempt[]> {
    const stories = new Map<number, Attempt[]>();
    for (const row of this.#ofMessage.all(messageId) as ({ position: number } & Attempt)[]) {
      const { position, ...attempt } = row;
      const story = stories.get(position);
      if (story === undefined) stories.set(position, [attempt]);
      else story.push(attempt);
    }
    return stories;
  }
}
