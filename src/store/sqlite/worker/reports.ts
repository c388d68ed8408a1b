/** SQL for the notifications that senders are owed. */
import { type Domain, StoreError } from '../../port.js';
import type { Attempt, Fulfilment, OwedReport, ReportedRecipient, ReportKind } from '../../queue.js';
import { ATTEMPT } from './attempts.js';
import type { Database } from './database.js';
import { notifyOf, termsOf, type TermsRow } from '../../columns/terms.js';

interface MessageRow extends TermsRow {
  readonly domain_id: number;
  readonly domain: string;
  readonly domain_created_at: number;
  readonly reverse_path: string;
  readonly header_message_id: string | null;
  readonly received_at: number;
}

type RecipientRow = Omit<ReportedRecipient, 'notify' | 'attempt'> &
  Attempt & { readonly notify: string | null };

export class Reports {
  readonly #owe;
  readonly #forget;
  readonly #pay;
  readonly #messages;
  readonly #message;
  readonly #recipients;

  constructor(database: Database) {
    // One recipient is owed at most one notification: the newest says everything.
    this.#owe = database.prepare(`
      INSERT OR REPLACE INTO owed_report (message_id, position, kind, attempt, next_attempt_at)
      VALUES (?, ?, ?, ?, ?)`);
    this.#forget = database.prepare('DELETE FROM owed_report WHERE message_id = ? AND position = ?');
    this.#pay = database.prepare(
      'DELETE FROM owed_report WHERE message_id = ? AND position = ? AND kind = ?',
    );
    this.#messages = database.prepare(
      'SELECT DISTINCT message_id AS id FROM owed_report ORDER BY message_id LIMIT ?',
    );
    this.#message = database.prepare(`
      SELECT message.*, domain.name AS domain, domain.created_at AS domain_created_at
      FROM message JOIN domain ON domain.id = message.domain_id WHERE message.id = ?`);
    this.#recipients = database.prepare(`
      SELECT owed_report.position AS position, forward_path AS forwardPath, notify,
        original_recipient AS originalRecipient, kind AS report,
        owed_report.next_attempt_at AS nextAttemptAt, ${ATTEMPT}
      FROM owed_report
        JOIN recipient USING (message_id, position)
        JOIN attempt ON attempt.message_id = owed_report.message_id
          AND attempt.position = owed_report.position AND attempt.number = owed_report.attempt
      WHERE owed_report.message_id = ? ORDER BY owed_report.position`);
  }

  /** @param attempt number of the attempt that it is about */
  owe(id: number, position: number, kind: ReportKind, attempt: number, nextAttemptAt: number | null): void {
    this.#owe.run(id, position, kind, attempt, nextAttemptAt);
  }

  forget(id: number, position: number): void {
    this.#forget.run(id, position);
  }

  /** @throws StoreError `fulfilled` if one of them is not owed */
  fulfil({ id, recipients }: Fulfilment): void {
    for (const { position, report } of recipients) {
      if (this.#pay.run(id, position, report).changes > 0) continue;
      throw new StoreError(
        'fulfilled',
        `what was owed about recipient ${position} of message ${id} is so no longer`,
      );
    }
  }

  drop({ id, recipients }: Fulfilment): void {
    for (const { position, report } of recipients) this.#pay.run(id, position, report);
  }

  owed(limit: number): OwedReport[] {
    return (this.#messages.all(limit) as { id: number }[]).map(({ id }) => this.#owedAbout(id));
  }

  #owedAbout(id: number): OwedReport {
    const row = this.#message.get(id) as unknown as MessageRow;
    const domain: Domain = { id: row.domain_id, name: row.domain, createdAt: row.domain_created_at };
    return {
      id,
      domain,
      reversePath: row.reverse_path,
      messageId: row.header_message_id,
      receivedAt: row.received_at,
      terms: termsOf(row),
      recipients: (this.#recipients.all(id) as unknown as RecipientRow[]).map(reported),
    };
  }
}

function reported({ at, outcome, remoteHost, reply, tls, ...row }: RecipientRow): ReportedRecipient {
  return { ...row, notify: notifyOf(row.notify), attempt: { at, outcome, remoteHost, reply, tls } };
}
