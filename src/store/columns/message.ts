/** Converts the columns of a message to the contract's shape. */
import type { MessageDetail, MessageSummary, Status } from '../port.js';
import { needsOf } from './needs.js';
import { termsOf, type TermsRow } from './terms.js';

/** The columns of a message that both adapters read, with the name of its domain. */
export interface MessageRow extends TermsRow {
  readonly needs: number | null;
  readonly id: number;
  readonly domain: string;
  readonly status: Status;
  readonly size: number;
  readonly received_at: number;
  readonly reverse_path: string;
  readonly header_from: string;
  readonly subject: string | null;
  readonly tags: string | null;
  readonly list_unsubscribe: string | null;
  readonly header_message_id: string | null;
  readonly tls: string | null;
  readonly client_address: string;
}

/** The columns of a recipient that both adapters read. */
export interface RecipientRow {
  readonly forwardPath: string;
  readonly status: Status;
  readonly notify: string | null;
  readonly originalRecipient: string | null;
  readonly nextAttemptAt: number | null;
}

/** @param to forward-paths in the order of the envelope */
export function summaryOf(row: MessageRow, to: readonly string[]): MessageSummary {
  return {
    id: row.id,
    domain: row.domain,
    status: row.status,
    from: row.header_from,
    to,
    subject: row.subject,
    tags: row.tags === null ? [] : (JSON.parse(row.tags) as string[]),
    listUnsubscribe: row.list_unsubscribe,
    size: row.size,
    receivedAt: row.received_at,
    tls: row.tls,
  };
}

/** @param contentRemoved whether retention has removed the content */
export function detailOf(
  row: MessageRow,
  recipients: MessageDetail['recipients'],
  contentRemoved: boolean,
): MessageDetail {
  return {
    ...summaryOf(
      row,
      recipients.map(({ forwardPath }) => forwardPath),
    ),
    reversePath: row.reverse_path,
    messageId: row.header_message_id,
    clientAddress: row.client_address,
    recipients,
    terms: termsOf(row),
    needs: needsOf(row.needs),
    contentRemoved,
  };
}
