/** SQL for the notifications that senders are owed. */
import { notifyOf, termsOf, type TermsRow } from '../columns/terms.js';
import { StoreError } from '../port.js';
import type { AttemptOutcome, Fulfilment, OwedReport, ReportedRecipient } from '../queue.js';
import { int4Array, textArray } from './arrays.js';
import type { DatabaseClock } from './clock.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';

interface Row extends TermsRow {
  readonly id: number;
  readonly domain_id: number;
  readonly domain: string;
  readonly domain_created_at: number;
  readonly reverse_path: string;
  readonly header_message_id: string | null;
  readonly received_at: number;
  readonly position: number;
  readonly forwardPath: string;
  readonly notify: string | null;
  readonly originalRecipient: string | null;
  readonly report: ReportedRecipient['report'];
  readonly nextAttemptAt: number | null;
  readonly at: number;
  readonly outcome: AttemptOutcome;
  readonly remoteHost: string | null;
  readonly reply: string;
  readonly attemptTls: string | null;
}

const OWED = {
  name: 'reports_owed',
  text: `SELECT message.*, domain.name AS domain, domain.created_at AS domain_created_at, owed_report.position,
      forward_path AS "forwardPath", notify, original_recipient AS "originalRecipient", kind AS report,
      owed_report.next_attempt_at AS "nextAttemptAt", attempt.at, outcome, remote_host AS "remoteHost", reply,
      attempt.tls AS "attemptTls"
    FROM (SELECT DISTINCT message_id FROM owed_report ORDER BY message_id LIMIT $1) AS oldest
      JOIN message ON message.id = oldest.message_id JOIN domain ON domain.id = message.domain_id
      JOIN owed_report ON owed_report.message_id = message.id
      JOIN recipient ON recipient.message_id = message.id AND recipient.position = owed_report.position
      JOIN attempt ON attempt.message_id = message.id AND attempt.position = owed_report.position
        AND attempt.number = owed_report.attempt
    ORDER BY message.id, owed_report.position`,
};
const PAY = {
  name: 'reports_pay',
  text: `DELETE FROM owed_report USING unnest($2::int4[], $3::text[]) AS paid (position, kind)
    WHERE owed_report.message_id = $1 AND owed_report.position = paid.position AND owed_report.kind = paid.kind`,
};

export class Reports {
  readonly #connections: Connections;
  readonly #clock: DatabaseClock;

  constructor(connections: Connections, clock: DatabaseClock) {
    this.#connections = connections;
    this.#clock = clock;
  }

  async owed(limit: number): Promise<OwedReport[]> {
    const { rows } = await this.#connections.run<Row>(OWED, [limit]);
    const recipients = new Map<number, [Row, ...Row[]]>();
    for (const row of rows) {
      const of = recipients.get(row.id);
      if (of === undefined) recipients.set(row.id, [row]);
      else of.push(row);
    }
    return [...recipients.values()].map((of) => this.#report(of));
  }

  async drop(fulfilment: Fulfilment): Promise<void> {
    await this.#connections.run(PAY, paid(fulfilment));
  }

  #report(of: readonly [Row, ...Row[]]): OwedReport {
    const [row] = of;
    return {
      id: row.id,
      domain: { id: row.domain_id, name: row.domain, createdAt: row.domain_created_at },
      reversePath: row.reverse_path,
      messageId: row.header_message_id,
      receivedAt: row.received_at,
      terms: termsOf(row),
      recipients: of.map(
        ({ position, forwardPath, notify, originalRecipient, report, nextAttemptAt, ...attempt }) => ({
          ...{ position, forwardPath, notify: notifyOf(notify), originalRecipient, report },
          nextAttemptAt: nextAttemptAt === null ? null : this.#clock.fromDatabase(nextAttemptAt),
          attempt: {
            at: attempt.at,
            outcome: attempt.outcome,
            remoteHost: attempt.remoteHost,
            reply: attempt.reply,
            tls: attempt.attemptTls,
          },
        }),
      ),
    };
  }
}

/**
 * Ends what a message fulfils, in the transaction that stores it.
 *
 * @throws StoreError `fulfilled` if one of them is not owed
 */
export async function fulfil(connection: Connection, fulfilment: Fulfilment): Promise<void> {
  const { id, recipients } = fulfilment;
  const { count } = await connection.run(PAY, paid(fulfilment));
  if (count === new Set(recipients.map(({ position }) => position)).size) return;
  throw new StoreError('fulfilled', `what was owed about message ${id} is so no longer`);
}

function paid({ id, recipients }: Fulfilment): [number, Buffer, Buffer] {
  const positions = recipients.map(({ position }) => position);
  return [id, int4Array(positions), textArray(recipients.map(({ report }) => report))];
}
