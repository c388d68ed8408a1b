/** SQL for messages within a scope: pages of a filter, one message, its content, operations by hand. */
import { checkPage } from '../bounds.js';
import { originOf } from '../columns/origin.js';
import { STORE } from '../limits.js';
import type { Mail, MessageRecord, OperationStep, Position } from '../mail.js';
import type { MessageSummary, Scope } from '../port.js';
import type { ReportKind } from '../queue.js';
import type { MessageFilter, Selection } from '../search.js';
import type { WebhookCalls } from '../webhooks.js';
import { int8Array } from './arrays.js';
import type { DatabaseClock } from './clock.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';
import { readSection } from './documents.js';
import { lastStored, lateAfter, markOf } from './late-messages.js';
import type { IdStep, MailSearch } from './mail-search.js';
import type { MailWatch } from './mail-watch.js';
import { operateByHand } from './operator.js';
import { overlapsEnd } from './overlap.js';
import type { QueueWatch } from './queue-watch.js';
import type { Reading } from './reading.js';
import { removeFinished } from './removing.js';
import { retag } from './retagging.js';

/** Messages that one step changes. */
const STEP_MESSAGES = 100;

const OWNERS = {
  name: 'owners',
  text: `SELECT id, domain_id AS "domainId" FROM message
    WHERE id = ANY($1::int8[]) AND ($2::int4 IS NULL OR domain_id = $2)`,
};
const ORIGIN = { name: 'origin', text: 'SELECT origin FROM message WHERE id = $1' };
const OWED = {
  name: 'owed',
  text: 'SELECT position, kind AS report FROM owed_report WHERE message_id = $1 ORDER BY position',
};

interface Owned {
  readonly id: number;
  readonly domainId: number;
}

/** The parts of the store that messages of the API need. */
interface MailParts {
  readonly connections: Connections;
  readonly clock: DatabaseClock;
  readonly reading: Reading;
  readonly search: MailSearch;
  readonly calls: WebhookCalls;
  readonly watch: MailWatch;
  /** Learns of messages that are due sooner. */
  readonly queueWatch: QueueWatch;
}

export function postgresMail(parts: MailParts): Mail {
  const { connections, clock, reading, search, calls, watch, queueWatch } = parts;

  const ownersOf = async (scope: Scope, ids: readonly number[]): Promise<Map<number, number>> => {
    const domainId = scope === 'all' ? null : scope.domainId;
    const { rows } = await connections.run<Owned>(OWNERS, [int8Array(ids), domainId]);
    return new Map(rows.map((row) => [row.id, row.domainId]));
  };

  /** Returns ids of a selection below `before`, newest first, with bounded work. */
  const select = async (
    scope: Scope,
    selection: Selection,
    before: Position | undefined,
  ): Promise<IdStep> => {
    const below = before ?? Number.MAX_SAFE_INTEGER;
    if (selection.ids === undefined) {
      return search.step(scope, selection.filter, { below, above: 0 }, STEP_MESSAGES);
    }
    const asked = [...new Set(selection.ids)].filter((id) => id < below).sort((a, b) => b - a);
    const ids = asked.slice(0, STEP_MESSAGES);
    return { ids, next: asked.length > STEP_MESSAGES ? (ids.at(-1) ?? null) : null };
  };

  /** Changes the messages of one step in one transaction. */
  const change = async (
    scope: Scope,
    selection: Selection,
    before: Position | undefined,
    kind: 'status' | 'removed' | 'tags',
    work: (connection: Connection, ids: readonly number[]) => Promise<ReadonlySet<number>>,
  ): Promise<OperationStep> => {
    const { ids, next } = await select(scope, selection, before);
    const owners = await ownersOf(scope, ids);
    const own = ids.filter((id) => owners.has(id));
    if (own.length === 0) return { changed: [], unchanged: 0, next };
    const found = await connections.transaction((connection) => work(connection, own));
    const changed = own.filter((id) => found.has(id));
    watch.publish(changed.map((id) => ({ id, domainId: owners.get(id) ?? 0, kind, status: null })));
    return { changed, unchanged: own.length - changed.length, next };
  };

  /** Returns ids of messages that were stored after one: those with greater ids, then late ones. */
  const storedAfter = async (
    id: number,
    scope: Scope,
    filter: MessageFilter,
    below: number,
    limit: number,
  ): Promise<IdStep> => {
    const mark = await markOf(connections, id);
    const step = await search.step(scope, filter, { below, above: mark.above }, limit);
    if (step.next !== null) return step;
    const room = limit - step.ids.length;
    const late = await lateAfter(connections, mark, below, room + 1);
    const ids = [...step.ids, ...(await search.among(scope, filter, late.slice(0, room)))];
    return { ids, next: late.length > room ? (late[room - 1] ?? mark.above + 1) : null };
  };

  return {
    async page(scope, request) {
      checkPage(request);
      const { filter, before, newerThan, limit } = request;
      // Before the messages are read: what is stored in between comes after `latest`.
      const { last, greatest } = await lastStored(connections, scope);
      const latest = (await overlapsEnd(connections)) ? last : (newerThan ?? null);
      // So it is left out here. Only a late one, which has a lesser id, may come twice.
      const below = Math.min(before ?? Number.MAX_SAFE_INTEGER, (greatest ?? 0) + 1);
      const { ids, next } =
        newerThan === undefined
          ? await search.step(scope, filter, { below, above: 0 }, limit)
          : await storedAfter(newerThan, scope, filter, below, limit);
      const summaries = new Map<number, MessageSummary>();
      for (const summary of await reading.summaries(ids)) summaries.set(summary.id, summary);
      return { messages: ids.flatMap((id) => summaries.get(id) ?? []), next, latest };
    },
    async message(scope, id): Promise<MessageRecord | null> {
      const domainId = (await ownersOf(scope, [id])).get(id);
      const detail = domainId === undefined ? null : await reading.message(id);
      if (detail === null || domainId === undefined) return null;
      const origin = await connections.run<{ origin: string | null }>(ORIGIN, [id]);
      const owed = await connections.run<{ position: number; report: ReportKind }>(OWED, [id]);
      return {
        ...detail,
        domainId,
        origin: originOf(origin.rows[0]?.origin ?? null),
        owed: owed.rows,
        calls: await calls.list(scope, { message: id, limit: STORE.callsOfMessage.initial }),
      };
    },
    async *content(scope, id) {
      if ((await ownersOf(scope, [id])).size > 0) yield* reading.content(id);
    },
    async headerSection(scope, id) {
      return (await ownersOf(scope, [id])).size === 0 ? null : readSection(connections, id);
    },
    async operate(scope, { operation, selection, before, now }) {
      if (operation === 'delete') return change(scope, selection, before, 'removed', removeFinished);
      const step = await change(scope, selection, before, 'status', async (connection, ids) => {
        return new Set((await operateByHand(connection, operation, ids, now, clock)).keys());
      });
      if (step.changed.length > 0 && operation !== 'cancel') queueWatch.notify();
      return step;
    },
    retag: (scope, asked, selection, before) =>
      change(scope, selection, before, 'tags', (connection, ids) => retag(connection, ids, asked)),
    watch: (scope, watcher) => watch.add(scope, watcher),
  };
}
