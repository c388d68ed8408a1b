/** The store on PostgreSQL, for several processes and machines on one database. */
import { BufferPool } from '../intake/buffers.js';
import { Budget } from '../intake/budget.js';
import { BufferedDraft } from '../intake/draft.js';
import { STORE } from '../limits.js';
import { type Draft, type NewMessage, type Store, StoreError } from '../port.js';
import { watchedQueue } from '../watched-queue.js';
import { parseAddress } from './address.js';
import { postgresApiParts } from './api-parts.js';
import { SharedAuthFailures } from './auth-failures.js';
import { postgresBlockList } from './block-list.js';
import { DatabaseClock } from './clock.js';
import { Connections } from './connections.js';
import { refuseCopies } from './copy/guard.js';
import { postgresDkimKeys } from './dkim-keys.js';
import { Domains } from './domains.js';
import { isRefusal, openingError } from './errors.js';
import { Fences } from './fences.js';
import { GroupIntake } from './group-intake.js';
import { LeasedMessages } from './leased-messages.js';
import { Leasing } from './leasing.js';
import { migrate } from './migrate.js';
import { Node } from './node.js';
import { postgresNodes } from './nodes.js';
import { OpenTransactions } from './open-transactions.js';
import { checkOpening } from './opening.js';
import type { OnCommit } from './on-commit.js';
import { Partitions } from './partitions.js';
import { postgresQueue } from './queue.js';
import { QueueWatch } from './queue-watch.js';
import { Reading } from './reading.js';
import { Reports } from './reports.js';
import { postgresRetention } from './retention.js';
import { Settlements } from './settlements.js';
import { SharedRates } from './shared-rates.js';
import { Signals } from './signals.js';
import { Takeover } from './takeover.js';
import { TimeSpans } from './time-spans.js';
import { postgresWebhooks } from './webhooks.js';

interface PostgresOptions {
  /** `postgres://user:password@host1,host2:port/database?options=...`: the first host that takes writes is used. */
  readonly url: string;
  /** Octets of content in memory at most, over all drafts together. */
  readonly inFlightOctets?: number;
  /** Octets to a chunk: a message that fits in one is written in one go. */
  readonly chunkOctets?: number;
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** How long a client waits for the outcome of its message if the connection was lost, in milliseconds. Default 30 s. */
  readonly outcomeTime?: number;
  /** Called for each transaction that wrote a group of messages or of settlements. Default: not called. */
  readonly onCommit?: OnCommit;
  /**
   * Called with what an operator should know of the server, one sentence without secrets: when the store is opened, and later
   * of transactions that stay open. Default: none is looked for.
   */
  readonly onWarning?: (warning: string) => void;
}

/**
 * Opens the store, and makes or upgrades its schema as needed.
 *
 * @throws StoreError `newer`, `unreadable`, `failed`, `in-use`: the message names the server and what to do
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const connections = new Connections(parseAddress(options.url));
  try {
    for (const warning of await checkOpening(connections)) options.onWarning?.(warning);
    await migrate(connections);
    const clock = await DatabaseClock.read(connections);
    const node = await Node.join(connections, options.now ?? Date.now);
    await refuseCopies(connections).catch(async (error: unknown) => {
      await node.leave();
      throw error;
    });
    const takeover = await Takeover.begin(connections, clock, node);
    const partitions = await Partitions.begin(connections, options.now ?? Date.now);
    return storeOf(options, { connections, clock, node, takeover, partitions });
  } catch (error) {
    await connections.close();
    throw openingProblem(error, connections.place);
  }
}

/** Says of what the server refused what to do about it. */
function openingProblem(error: unknown, place: string): unknown {
  const cause = error instanceof StoreError ? error.cause : error;
  return isRefusal(cause) ? openingError(cause, place) : error;
}

/** The objects that the parts of a store share. */
interface Shared {
  readonly connections: Connections;
  readonly clock: DatabaseClock;
  readonly node: Node;
  readonly takeover: Takeover;
  readonly partitions: Partitions;
}

function storeOf(options: PostgresOptions, shared: Shared): Store {
  const { connections, clock, node, takeover, partitions } = shared;
  const buffers = new BufferPool(options.chunkOctets ?? STORE.chunk.initial);
  const budget = new Budget(options.inFlightOctets ?? STORE.inFlight.initial);
  const spans = new TimeSpans(connections);
  const { outcomeTime, onCommit } = options;
  const intake = new GroupIntake({ connections, buffers, node, clock, spans }, { outcomeTime, onCommit });
  const domains = new Domains(connections);
  const reading = new Reading(connections);
  const now = options.now ?? Date.now;
  const signals = new Signals(connections, String(node.ids.next()));
  const leased = new LeasedMessages();
  const leasing = new Leasing(connections, clock, node, leased);
  const settlements = new Settlements(connections, clock, leased, onCommit);
  const watch = new QueueWatch(signals, () => leasing.nextDue());
  const reports = new Reports(connections, clock);
  const fences = new Fences(connections, clock);
  const authFailures = new SharedAuthFailures(connections);
  const rates = new SharedRates(connections, () => node.running);
  const api = postgresApiParts({
    ...{ connections, clock, node, domains, reading, signals, spans },
    queueWatch: watch,
  });
  const { onWarning } = options;
  const transactions = onWarning === undefined ? null : new OpenTransactions(connections, onWarning);
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    watch.end();
    transactions?.close();
    await Promise.all([intake.close(), settlements.close(), partitions.close()]);
    await api.close();
    await signals.close();
    await fences.close();
    await Promise.all([rates.close(), authFailures.close()]);
    await takeover.close();
    await node.leave();
    await connections.close();
  };
  const open = <T>(work: () => T): T => {
    if (closing !== null) throw new StoreError('closed', 'the store has been closed');
    return work();
  };
  const drafts = {
    ...{ intake, budget, buffers },
    onQueued: (): void => {
      watch.notify();
    },
    onAccepted: (id: number, message: NewMessage): void => {
      api.accepted(id, message);
    },
  };
  return {
    held: budget,
    open: (): Draft => open(() => new BufferedDraft(node.ids.next(), drafts)),
    addDomain: async (name, digest, now) => open(() => domains.add(name, digest, now)),
    domains: async () => open(() => domains.list()),
    removeDomain: async (name, now) => open(() => domains.remove(name, now)),
    rotateToken: async (name, digest, oldUntil, now) =>
      open(() => domains.rotate(name, digest, oldUntil, now)),
    domainByToken: async (digest, now) => open(() => domains.byToken(digest, now)),
    messages: async (query) => open(() => reading.messages(query)),
    message: async (id) => open(() => reading.message(id)),
    content: (id) => reading.content(id),
    isEmpty: async () => open(() => domains.isEmpty()),
    queue: watchedQueue(
      postgresQueue({ connections, clock, leasing, settlements, reports, watch }, now),
      api.watch,
    ),
    webhooks: postgresWebhooks(connections, clock, node),
    dkimKeys: postgresDkimKeys(connections),
    retention: postgresRetention(connections, partitions, now),
    blockList: postgresBlockList(connections, now),
    ...api.parts,
    nodes: postgresNodes(connections, node, () => api.watch.serve()),
    rates,
    authFailures,
    // A connection that is lost is opened again, so no failure lasts until the next start.
    fault: null,
    close: () => (closing ??= close()),
  };
}
