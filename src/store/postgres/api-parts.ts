/** The parts of the contract for the HTTP API, and what runs beside them. */
import type { MessageId, NewMessage, Store } from '../port.js';
import { postgresBlockLists } from './block-list.js';
import type { DatabaseClock } from './clock.js';
import type { Connections } from './connections.js';
import { postgresDomainRecords } from './domain-records.js';
import type { Domains } from './domains.js';
import { Folding } from './folding.js';
import { postgresIdempotency } from './idempotency.js';
import { postgresMail } from './mail.js';
import { MailSearch } from './mail-search.js';
import { MailWatch } from './mail-watch.js';
import type { Node } from './node.js';
import type { QueueWatch } from './queue-watch.js';
import type { Reading } from './reading.js';
import { Indexer } from './search/indexer.js';
import { postgresAdministrator, postgresSessions } from './sessions.js';
import type { Signals } from './signals.js';
import { postgresStatistics } from './statistics.js';
import type { TimeSpans } from './time-spans.js';
import { postgresWebhookCalls } from './webhook-calls.js';

/** The objects that these parts share with the others. */
interface Shared {
  readonly connections: Connections;
  readonly clock: DatabaseClock;
  readonly node: Node;
  readonly domains: Domains;
  readonly reading: Reading;
  readonly signals: Signals;
  readonly spans: TimeSpans;
  /** Learns of messages that are due sooner. */
  readonly queueWatch: QueueWatch;
}

type Parts = Pick<
  Store,
  | ('sessions' | 'administrator' | 'idempotency' | 'mail' | 'statistics')
  | ('domainRecords' | 'blockLists' | 'webhookCalls')
>;

interface ApiParts {
  readonly parts: Parts;
  /** Of what happens to messages. */
  readonly watch: MailWatch;
  /** Called for each message that is stored. */
  accepted(id: MessageId, message: NewMessage): void;
  close(): Promise<void>;
}

export function postgresApiParts(shared: Shared): ApiParts {
  const { connections, clock, node, domains, reading, signals, spans, queueWatch } = shared;
  const watch = new MailWatch(connections, signals, node);
  const indexer = new Indexer(connections);
  const folding = new Folding(connections);
  const search = new MailSearch(connections, spans);
  const webhookCalls = postgresWebhookCalls(connections);
  const mail = postgresMail({ connections, clock, reading, search, calls: webhookCalls, watch, queueWatch });
  return {
    watch,
    parts: {
      sessions: postgresSessions(connections),
      administrator: postgresAdministrator(connections),
      idempotency: postgresIdempotency(connections, node),
      mail,
      statistics: postgresStatistics(connections),
      domainRecords: postgresDomainRecords(connections, domains, mail),
      blockLists: postgresBlockLists(connections),
      webhookCalls,
    },
    accepted(id, { domainId, status }) {
      watch.publish([{ id, domainId, kind: 'accepted', status }]);
      indexer.wake();
    },
    async close() {
      await Promise.all([watch.close(), indexer.close(), folding.close()]);
    },
  };
}
