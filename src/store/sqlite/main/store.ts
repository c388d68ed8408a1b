import {
  StoreError,
  type Domain,
  type Draft,
  type HeldOctets,
  type MessageDetail,
  type MessageId,
  type MessageQuery,
  type MessageSummary,
  type Store,
} from '../../port.js';
import type { BlockList } from '../../block-list.js';
import type { DkimKeys } from '../../dkim-keys.js';
import type { Queue } from '../../queue.js';
import type { Retention } from '../../retention.js';
import type { Idempotency } from '../../idempotency.js';
import type { Administrator, Sessions } from '../../sessions.js';
import type { BlockLists } from '../../block-list.js';
import type { DomainRecords } from '../../domain-records.js';
import type { Mail } from '../../mail.js';
import type { AuthFailures } from '../../auth-failures.js';
import { LocalRates } from '../../local-rates.js';
import type { Nodes } from '../../nodes.js';
import type { Statistics } from '../../statistics.js';
import type { WebhookCalls, Webhooks } from '../../webhooks.js';
import type { BufferPool } from '../../intake/buffers.js';
import { BufferedDraft, type DraftContext, type Intake } from '../../intake/draft.js';
import { ThreadLost } from '../errors.js';
import type { MessageIds } from '../../intake/ids.js';
import type { WorkerLink } from './worker-link.js';
import type { ListMessages } from '../worker/listing.js';
import type { FolderLock } from '../lock.js';
import {
  copy,
  remoteAdministrator,
  remoteBlockList,
  remoteIdempotency,
  remoteSessions,
  remoteDkimKeys,
  remoteQueue,
  remoteRetention,
  remoteWebhooks,
} from './remote.js';
import { MailWatch } from './mail-watch.js';
import {
  remoteBlockLists,
  remoteDomainRecords,
  remoteMail,
  remoteStatistics,
  remoteWebhookCalls,
} from './management.js';
import type { SearchIndexer } from './search-indexer.js';
import { singleNode } from './nodes.js';
import { watchedQueue } from '../../watched-queue.js';
import { Watch } from './watch.js';

/** Messages that the worker reads in one go: the rest of a long listing waits its turn. */
const PAGE = 100;

/** Returns the intake of drafts over the worker. */
export function workerIntake(link: Pick<WorkerLink, 'call' | 'commit' | 'ask'>, buffers: BufferPool): Intake {
  const isStored = (id: number): Promise<boolean> =>
    link.ask('reading', 'message', id).then(
      (message) => message !== null,
      () => false,
    );
  return {
    commit: (commit) =>
      link.commit(commit).catch(async (error: unknown) => {
        // It may have been stored before the thread died; if so, the commit must not report a failure.
        if (!(error instanceof ThreadLost) || !(await isStored(commit.id))) throw error;
      }),
    chunk(id, sequence, octets) {
      const { buffer, length } = octets;
      const piece = { buffer, start: 0, length, returns: buffer.byteLength === buffers.largest };
      return link.call({ kind: 'chunk', id, sequence, piece }, buffer);
    },
    discard: (id) => link.call({ kind: 'discard', id }),
  };
}

/** The threads beside the one that writes. */
export interface SearchThreads {
  /** Reads pages of messages. Starts with the first page. */
  readonly reader: WorkerLink;
  /** Null for a command beside a server: the server fills the index. */
  readonly indexer: SearchIndexer | null;
}

/** The store's contract over the worker. Every read goes there too, so that the event loop never waits. */
export class SqliteStore implements Store {
  readonly queue: Queue;
  readonly blockList: BlockList;
  readonly webhooks: Webhooks;
  readonly dkimKeys: DkimKeys;
  readonly retention: Retention;
  readonly held: HeldOctets;
  readonly sessions: Sessions;
  readonly administrator: Administrator;
  readonly idempotency: Idempotency;
  readonly mail: Mail;
  readonly statistics: Statistics;
  readonly domainRecords: DomainRecords;
  readonly blockLists: BlockLists;
  readonly webhookCalls: WebhookCalls;
  readonly nodes: Nodes;
  readonly rates = new LocalRates();
  /** There is no other server. */
  readonly authFailures: AuthFailures = { note: () => 0 };
  readonly #link: WorkerLink;
  readonly #reader: WorkerLink;
  readonly #indexer: SearchIndexer | null;
  readonly #watch: Watch;
  readonly #mailWatch: MailWatch;
  readonly #context: DraftContext;
  readonly #ids: MessageIds;
  readonly #lock: FolderLock | null;
  #closed: Promise<void> | null = null;

  constructor(
    link: WorkerLink,
    context: Pick<DraftContext, 'budget' | 'buffers'>,
    ids: MessageIds,
    lock: FolderLock | null,
    now: () => number,
    { reader, indexer }: SearchThreads,
  ) {
    const watch = new Watch(link);
    const mailWatch = new MailWatch(link);
    this.queue = watchedQueue(remoteQueue(link, watch, now), mailWatch);
    this.nodes = singleNode(now);
    this.blockList = remoteBlockList(link, now);
    this.webhooks = remoteWebhooks(link);
    this.dkimKeys = remoteDkimKeys(link);
    this.retention = remoteRetention(link);
    this.sessions = remoteSessions(link);
    this.administrator = remoteAdministrator(link);
    this.idempotency = remoteIdempotency(link);
    const onDamage = (): void => indexer?.rebuild();
    this.mail = remoteMail(link, { link: reader, onDamage }, mailWatch, watch);
    this.statistics = remoteStatistics(link, reader);
    this.domainRecords = remoteDomainRecords(link, this.mail);
    this.blockLists = remoteBlockLists(link);
    this.webhookCalls = remoteWebhookCalls(link);
    this.#mailWatch = mailWatch;
    this.held = context.budget;
    this.#link = link;
    this.#reader = reader;
    this.#indexer = indexer;
    this.#watch = watch;
    this.#context = {
      intake: workerIntake(link, context.buffers),
      ...context,
      onQueued: () => watch.notify(),
      onAccepted: (id, { domainId, status }) => {
        mailWatch.publish([{ id, domainId, kind: 'accepted', status }]);
        indexer?.wake();
      },
    };
    this.#ids = ids;
    this.#lock = lock;
  }

  open(): Draft {
    if (this.#closed !== null) throw new StoreError('closed', 'the store has been closed');
    return new BufferedDraft(this.#ids.next(), this.#context);
  }

  addDomain(name: string, tokenDigest: Uint8Array, now: number): Promise<Domain | null> {
    return this.#link.ask('domains', 'add', name, copy(tokenDigest), now);
  }

  domains(): Promise<Domain[]> {
    return this.#link.ask('domains', 'list');
  }

  removeDomain(name: string, now: number): Promise<boolean> {
    return this.#link.ask('domains', 'remove', name, now);
  }

  rotateToken(name: string, tokenDigest: Uint8Array, oldUntil: number, now: number): Promise<boolean> {
    return this.#link.ask('domains', 'rotate', name, copy(tokenDigest), oldUntil, now);
  }

  domainByToken(tokenDigest: Uint8Array, now: number): Promise<Domain | null> {
    return this.#link.ask('domains', 'byToken', copy(tokenDigest), now);
  }

  async messages(query: MessageQuery): Promise<MessageSummary[]> {
    const found: MessageSummary[] = [];
    let before: number | null = query.before ?? Number.MAX_SAFE_INTEGER;
    while (before !== null && found.length < query.limit) {
      const page: ListMessages = {
        domain: query.domain ?? null,
        tag: query.tag ?? null,
        status: query.status ?? null,
        before,
        limit: Math.min(PAGE, query.limit - found.length),
      };
      const { messages, next } = await this.#link.ask('reading', 'page', page);
      found.push(...messages);
      before = next;
    }
    return found;
  }

  message(id: MessageId): Promise<MessageDetail | null> {
    return this.#link.ask('reading', 'message', id);
  }

  async *content(id: MessageId): AsyncGenerator<Uint8Array, void> {
    for (let sequence = 0; ; sequence++) {
      const octets = await this.#link.ask('reading', 'content', id, sequence);
      if (octets === null) return;
      yield octets;
    }
  }

  get fault(): StoreError | null {
    return this.#link.fault;
  }

  isEmpty(): Promise<boolean> {
    return this.#link.ask('domains', 'isEmpty');
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#watch.end();
    this.#mailWatch.end();
    await Promise.all([this.#indexer?.close(), this.#reader.close()]);
    await this.#link.close();
    this.#lock?.release();
  }
}
