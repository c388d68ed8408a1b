/** Group commit: many writes, one transaction, one sync. */
import type { StoreError } from '../../port.js';
import { beginWriting, type Database } from './database.js';
import type { Request, Write } from '../wire/operations.js';

export type WriteResult =
  | { readonly request: Request<Write>; readonly value: unknown; readonly failure: null }
  | { readonly request: Request<Write>; readonly failure: StoreError };

/** Does one write inside the open transaction. */
type Apply = (write: Write) => unknown;

/** Octets that one transaction takes at most, so that a write does not wait long for large messages. */
const GROUP_OCTETS = 4 * 1024 * 1024;

/** Takes the next group from the front of the queue: as much as one transaction should hold. */
export function takeGroup(queue: Request<Write>[]): Request<Write>[] {
  let octets = 0;
  let count = 0;
  for (const { operation } of queue) {
    if (operation.kind === 'chunk' || operation.kind === 'commit') octets += operation.piece?.length ?? 0;
    if (count > 0 && octets > GROUP_OCTETS) break;
    count++;
  }
  return queue.splice(0, count);
}

/** Functions that run around each transaction. */
interface TransactionHooks {
  /** In the transaction, before it commits. */
  beforeCommit(): void;
  /** The transaction has committed. */
  afterCommit(): void;
  /** The transaction was taken back. */
  afterRollback(): void;
}

const NOTHING: TransactionHooks = {
  beforeCommit: () => undefined,
  afterCommit: () => undefined,
  afterRollback: () => undefined,
};

export class GroupCommit {
  readonly #database: Database;
  readonly #apply: Apply;
  readonly #toError: (error: unknown) => StoreError;
  readonly #fault: () => StoreError | null;
  readonly #around: TransactionHooks;
  #synchronous: 'FULL' | 'NORMAL' = 'FULL';

  /** @param fault why what is committed is not on stable storage, or null; asked after each commit */
  constructor(
    database: Database,
    apply: Apply,
    toError: (error: unknown) => StoreError,
    fault: () => StoreError | null,
    around: TransactionHooks = NOTHING,
  ) {
    this.#database = database;
    this.#apply = apply;
    this.#toError = toError;
    this.#fault = fault;
    this.#around = around;
  }

  /**
   * Runs the writes in order. When it returns, those without a failure are on stable storage, those with
   * one have left no trace, and neither has touched the other: where one fails, the transaction is taken
   * back and each write runs in one of its own. That is slow, but costs nothing as long as none fails.
   *
   * Returns null, and has done nothing, if another process writes.
   *
   * @param settle called for each write as soon as its fate is known, before a later write runs in another
   * transaction
   */
  run(
    group: readonly Request<Write>[],
    settle: (write: Write, failure: StoreError | null) => void,
  ): WriteResult[] | null {
    const results = this.#attempt(group, false);
    if (results === 'busy') return null;
    if (results !== 'apart') return this.#settled(results, settle);
    return group.flatMap((request) => {
      const alone = this.#attempt([request], true);
      // One alone is neither put off nor split.
      return typeof alone === 'string' ? [] : this.#settled(alone, settle);
    });
  }

  /** The outcome of a group that could not be begun. */
  fail(
    group: readonly Request<Write>[],
    failure: StoreError,
    settle: (write: Write, failure: StoreError | null) => void,
  ): WriteResult[] {
    return this.#settled(
      group.map((request) => ({ request, failure })),
      settle,
    );
  }

  #settled(
    results: WriteResult[],
    settle: (write: Write, failure: StoreError | null) => void,
  ): WriteResult[] {
    for (const { request, failure } of results) settle(request.operation, failure);
    return results;
  }

  /**
   * `apart` where one of several has failed and all were taken back; `busy` if another process writes.
   *
   * @param wait whether to wait for another process
   */
  #attempt(group: readonly Request<Write>[], wait: boolean): WriteResult[] | 'apart' | 'busy' {
    let begun = false;
    try {
      this.#setSynchronous(isPassing(group) ? 'NORMAL' : 'FULL');
      if (wait) this.#database.exec('BEGIN IMMEDIATE');
      else if (!beginWriting(this.#database)) return 'busy';
      begun = true;
      const results = group.map((request): WriteResult => {
        return { request, value: this.#apply(request.operation), failure: null };
      });
      this.#around.beforeCommit();
      this.#database.exec('COMMIT');
      this.#around.afterCommit();
      const failure = this.#fault();
      return failure === null ? results : group.map((request) => ({ request, failure }));
    } catch (error) {
      // Some failures, a full disk among them, have ended the transaction already.
      this.#around.afterRollback();
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      // Where not even a transaction can be had, each write alone would wait for it as long again.
      if (begun && group.length > 1) return 'apart';
      const failure = this.#toError(error);
      return group.map((request) => ({ request, failure }));
    }
  }

  /**
   * Runs work that no client waits for in a transaction of its own, without a sync.
   *
   * @returns what the work returned
   * @throws whatever the work or SQLite throws; then the transaction is taken back
   */
  aside<T>(work: () => T): T {
    this.#setSynchronous('NORMAL');
    if (!beginWriting(this.#database)) throw new Error('another process writes');
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  #setSynchronous(wanted: 'FULL' | 'NORMAL'): void {
    if (wanted === this.#synchronous) return;
    this.#database.exec(`PRAGMA synchronous = ${wanted}`);
    this.#synchronous = wanted;
  }
}

/**
 * No caller learns that a chunk is safe before its message is, so chunks alone need no sync of their own:
 * the sync of the commit covers all that stands before it in the log. A lease is worth nothing once its
 * holder is gone, and where the power is, so is he.
 */
function isPassing(group: readonly Request<Write>[]): boolean {
  return group.every(
    ({ operation }) =>
      operation.kind === 'chunk' ||
      operation.kind === 'discard' ||
      (operation.kind === 'write' && operation.passing),
  );
}
