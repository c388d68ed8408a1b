/** The store on SQLite: one data folder, one server, any number of commands beside it. */
import { STORE } from '../limits.js';
import type { Store, StoreError } from '../port.js';
import { Budget } from '../intake/budget.js';
import { BufferPool } from '../intake/buffers.js';
import { prepareFolder } from './folder.js';
import { MessageIds } from '../intake/ids.js';
import { WorkerLink } from './main/worker-link.js';
import { lockAdding, lockFolder } from './lock.js';
import { SearchIndexer } from './main/search-indexer.js';
import { SqliteStore } from './main/store.js';

interface SqliteOptions {
  /** The data folder. If it is missing, it is made with mode 0700. */
  readonly directory: string;
  /**
   * True for a server: it takes messages, so it must be the only server on the folder, and at its start it removes
   * content that was never committed. False for a command that may run beside a server.
   */
  readonly exclusive: boolean;
  /**
   * True for a command that opens drafts, beside a server or without one. One such command runs at a time on a folder:
   * the next one waits for some seconds. Default: false; a store that is not exclusive must then open no draft.
   */
  readonly adds?: boolean;
  /** Octets of content in memory at most, over all drafts together. */
  readonly inFlightOctets?: number;
  /** Octets to a chunk: a message that fits in one is written in one go. */
  readonly chunkOctets?: number;
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** Called once, if the database's files turn out to be removed or replaced: {@link Store.fault} is set then. */
  readonly onFault?: (fault: StoreError) => void;
  /**
   * Called for each transaction that wrote: with how many writes shared it, and how many milliseconds it took. For
   * metrics; must not throw.
   */
  readonly onCommit?: (facts: { readonly writes: number; readonly duration: number }) => void;
}

/**
 * Opens the store in a data folder, made or brought up to date as needed.
 *
 * @throws StoreError `in-use`: another server runs on the folder (only with `exclusive`), or another command adds
 * messages (only with `adds`); `newer`, `unreadable`, `full`: it cannot be opened, and the message names the folder and what to do.
 */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const { directory, exclusive, chunkOctets = STORE.chunk.initial } = options;
  await prepareFolder(directory);
  const lock = exclusive ? lockFolder(directory) : options.adds === true ? await lockAdding(directory) : null;
  try {
    const buffers = new BufferPool(chunkOctets);
    const link = new WorkerLink(
      new URL('./worker/worker.js', import.meta.url),
      { directory, exclusive },
      buffers,
      options.onFault,
      options.onCommit,
    );
    const now = options.now ?? Date.now;
    const ids = new MessageIds(await link.start(), now, exclusive ? 'server' : 'command');
    const budget = new Budget(options.inFlightOctets ?? STORE.inFlight.initial);
    const reader = new WorkerLink(
      new URL('./search/reader.js', import.meta.url),
      { directory, exclusive: false },
      buffers,
    );
    const indexer = exclusive
      ? new SearchIndexer(new URL('./search/indexer.js', import.meta.url), directory, (journal) =>
          link.ask('searchJournal', 'remove', journal),
        )
      : null;
    return new SqliteStore(link, { budget, buffers }, ids, lock, now, { reader, indexer });
  } catch (error) {
    lock?.release();
    throw error;
  }
}
