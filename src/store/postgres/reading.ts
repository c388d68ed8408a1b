/** SQL for reading messages: one message, its content, lists. */
import { detailOf, type MessageRow, type RecipientRow, summaryOf } from '../columns/message.js';
import { notifyOf } from '../columns/terms.js';
import { type MessageDetail, type MessageQuery, type MessageSummary, STATUSES } from '../port.js';
import type { Attempt } from '../queue.js';
import { int8Array } from './arrays.js';
import type { Connections } from './connections.js';

/** Messages that one statement reads: a statement that runs long keeps the server from cleaning up. */
const PAGE = 100;

/** A row of {@link MESSAGES}. */
interface Row extends MessageRow {
  readonly content_removed: boolean;
  /** Forward-paths in the order of the envelope. */
  readonly to: readonly string[];
}

/** A row of {@link RECIPIENTS}. */
interface TriedRecipientRow extends RecipientRow {
  readonly attempts: readonly Attempt[];
}

const MESSAGES = {
  name: 'messages',
  text: `SELECT message.*, domain.name AS domain,
      ARRAY(SELECT forward_path FROM recipient WHERE message_id = message.id ORDER BY position) AS "to"
    FROM message JOIN domain ON domain.id = message.domain_id WHERE message.id = ANY($1::int8[])
    ORDER BY message.id DESC`,
};
const RECIPIENTS = {
  name: 'recipients',
  text: `SELECT forward_path AS "forwardPath", status, notify, original_recipient AS "originalRecipient",
      next_attempt_at AS "nextAttemptAt", coalesce((
        SELECT json_agg(json_build_object('at', at, 'outcome', outcome, 'remoteHost', remote_host, 'reply', reply,
          'tls', tls) ORDER BY number)
        FROM attempt WHERE attempt.message_id = recipient.message_id AND attempt.position = recipient.position
      ), '[]') AS attempts
    FROM recipient WHERE message_id = $1 ORDER BY position`,
};
// Chunks of a message that is still coming in, or being removed, are not read.
export const CONTENT = {
  name: 'content',
  text: `SELECT octets FROM chunk WHERE message_id = $1 AND sequence = $2
    AND EXISTS (SELECT 1 FROM message WHERE id = $1 AND NOT content_removed)`,
};

const ALL = 'SELECT id FROM message WHERE id < $1 ORDER BY id DESC LIMIT $2';
const OF_STATUS = 'SELECT id FROM message WHERE status = $3 AND id < $1 ORDER BY id DESC LIMIT $2';
const OF_DOMAIN_AND_STATUS =
  'SELECT id FROM message WHERE domain_id = $4 AND status = $3 AND id < $1 ORDER BY id DESC LIMIT $2';
/** Each status of the domain in the order of its index. PostgreSQL does not merge them without limits of their own. */
const OF_DOMAIN = `SELECT id FROM (${STATUSES.map(
  (status) =>
    `(SELECT id FROM message WHERE domain_id = $3 AND status = '${status}' AND id < $1 ORDER BY id DESC LIMIT $2)`,
).join(' UNION ALL ')}) AS newest ORDER BY id DESC LIMIT $2`;
const OF_TAG = `SELECT message_id AS id FROM tag JOIN message ON message.id = message_id
  WHERE name = $3 AND message_id < $1 AND ($4::int IS NULL OR tag.domain_id = $4)
    AND ($5::text IS NULL OR status = $5)
  ORDER BY message_id DESC LIMIT $2`;
const DOMAIN_ID = { name: 'domain_id', text: 'SELECT id FROM domain WHERE name = $1' };

export class Reading {
  readonly #connections: Connections;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  async message(id: number): Promise<MessageDetail | null> {
    const [row] = (await this.#connections.run<Row>(MESSAGES, [int8Array([id])])).rows;
    if (row === undefined) return null;
    const { rows } = await this.#connections.run<TriedRecipientRow>(RECIPIENTS, [id]);
    const recipients = rows.map(({ notify, ...recipient }) => ({ ...recipient, notify: notifyOf(notify) }));
    return detailOf(row, recipients, row.content_removed);
  }

  /** Returns those of some messages that exist, newest first. */
  async summaries(ids: readonly number[]): Promise<MessageSummary[]> {
    const { rows } = await this.#connections.run<Row>(MESSAGES, [int8Array(ids)]);
    return rows.map((row) => summaryOf(row, row.to));
  }

  async *content(id: number): AsyncGenerator<Uint8Array, void> {
    for (let sequence = 0; ; sequence++) {
      // A statement for each chunk: no transaction stays open while the reader takes its time.
      const [row] = (await this.#connections.run<{ octets: Uint8Array }>(CONTENT, [id, sequence])).rows;
      if (row === undefined) return;
      yield row.octets;
    }
  }

  async messages(query: MessageQuery): Promise<MessageSummary[]> {
    const found: MessageSummary[] = [];
    let domainId: number | null = null;
    if (query.domain !== undefined) {
      const [row] = (await this.#connections.run<{ id: number }>(DOMAIN_ID, [query.domain])).rows;
      if (row === undefined) return found;
      domainId = row.id;
    }
    let before = query.before ?? Number.MAX_SAFE_INTEGER;
    while (found.length < query.limit) {
      const limit = Math.min(PAGE, query.limit - found.length);
      const ids = await this.#ids(query, domainId, before, limit);
      if (ids.length === 0) return found;
      found.push(...(await this.summaries(ids)));
      before = ids.at(-1) ?? 0;
      if (ids.length < limit) return found;
    }
    return found;
  }

  async #ids(
    { tag, status }: MessageQuery,
    domainId: number | null,
    before: number,
    limit: number,
  ): Promise<number[]> {
    const ask = async (
      name: string,
      text: string,
      ...values: (string | number | null)[]
    ): Promise<number[]> => {
      const { rows } = await this.#connections.run<{ id: number }>({ name, text }, [
        before,
        limit,
        ...values,
      ]);
      return rows.map(({ id }) => id);
    };
    if (tag !== undefined) return ask('list_tag', OF_TAG, tag, domainId, status ?? null);
    if (domainId !== null && status !== undefined) {
      return ask('list_domain_status', OF_DOMAIN_AND_STATUS, status, domainId);
    }
    if (domainId !== null) return ask('list_domain', OF_DOMAIN, domainId);
    if (status !== undefined) return ask('list_status', OF_STATUS, status);
    return ask('list', ALL);
  }
}
