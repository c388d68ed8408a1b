import type { Config } from '../config/index.js';
import { makePrivateFolder } from '../base/private-folder.js';
import type { Store, StoreError } from '../store/port.js';

/** Where the messages, domains and tokens of an installation are. */
export type StorePlace = Pick<Config, 'data' | 'store'>;

export interface OpenOptions {
  /** True for a server, false for a command that may run beside one. */
  readonly serves: boolean;
  /** True for a command that adds messages. */
  readonly adds?: boolean;
  /** Called once if the store can do nothing until the server is started anew. */
  readonly onFault?: (fault: StoreError) => void;
  /** Called for each transaction that wrote; see the adapters. */
  readonly onCommit?: (facts: { readonly writes: number; readonly duration: number }) => void;
  /** Called with what an operator should know of the database, one sentence each. */
  readonly onWarning?: (warning: string) => void;
}

/**
 * Opens the store of an installation: the database of `store.url`, or else the data folder.
 *
 * @throws StoreError
 */
export async function openStore({ data, store }: StorePlace, options: OpenOptions): Promise<Store> {
  const { serves, adds, onFault, onCommit, onWarning } = options;
  if (store.url !== null) {
    const { openPostgresStore } = await import('../store/postgres/index.js');
    // Certificates and what a first start writes are still there.
    if (serves) await makePrivateFolder(data);
    return openPostgresStore({
      url: store.url.url.expose(),
      inFlightOctets: store.inFlight,
      ...(onWarning === undefined ? {} : { onWarning }),
      ...(onCommit === undefined ? {} : { onCommit }),
    });
  }
  const { openSqliteStore } = await import('../store/sqlite/index.js');
  return openSqliteStore({
    directory: data,
    exclusive: serves,
    ...(adds === undefined ? {} : { adds }),
    ...(serves ? { inFlightOctets: store.inFlight } : {}),
    ...(onFault === undefined ? {} : { onFault }),
    ...(onCommit === undefined ? {} : { onCommit }),
  });
}

/** Returns where the store is, for messages: without user and password. */
export function shownPlace({ data, store }: StorePlace): string {
  return store.url === null ? data : store.url.shown;
}
