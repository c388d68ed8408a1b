/** Group commit: many writes, one transaction, one sync. */
import type { StoreError } from '../../port.js';
import type { Database } from './database.js';
import type { Request, Write } from '../wire/operations.js';

export type WriteResult =
  | { readonly request: Request<Write>; readonly value: unknown; readonly failure: null }
  | { readonly request: Request<Write>; readonly failure: StoreError };

/** Does one write inside the open transaction. */
export type Apply = (write: Write) => unknown;

/** Octets that one transaction takes at most, so that nobody waits long behind large messages. */
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

export class GroupCommit {
  readonly #database: Database;
  readonly #apply: Apply;
  readonly #toError: (error: unknown) => StoreError;
  #synchronous: 'FULL' | 'NORMAL' = 'FULL';

  constructor(database: Database, apply: Apply, toError: (error: unknown) => StoreError) {
    this.#database = database;
    this.#apply = apply;
    this.#toError = toError;
  }

  /**
   * Runs the writes in order. When it returns, those without a failure are on stable storage, those with
   * one have left no trace, and neither has touched the other: where one fails, the transaction is taken
   * back and each write runs in one of its own. That is slow, but costs nothing as long as none fails.
   *
   * @param settle told of each write as soon as its fate is known, before a later write runs in another
   * transaction
   */
  run(
    group: readonly Request<Write>[],
    settle: (write: Write, failure: StoreError | null) => void,
  ): WriteResult[] {
    const results = this.#attempt(group);
    if (results === null) return group.flatMap((request) => this.run([request], settle));
    for (const { request, failure } of results) settle(request.operation, failure);
    return results;
  }

  /** Null where one of several has failed and all were taken back. */
  #attempt(group: readonly Request<Write>[]): WriteResult[] | null {
    let begun = false;
    try {
      this.#setSynchronous(group);
      this.#database.exec('BEGIN IMMEDIATE');
      begun = true;
      const results = group.map((request): WriteResult => {
        return { request, value: this.#apply(request.operation), failure: null };
      });
      this.#database.exec('COMMIT');
      return results;
    } catch (error) {
      // Some failures, a full disk among them, have ended the transaction already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      // Where not even a transaction can be had, each write alone would wait for it as long again.
      if (begun && group.length > 1) return null;
      const failure = this.#toError(error);
      return group.map((request) => ({ request, failure }));
    }
  }

  /**
   * Nobody is told that a chunk is safe before its message is, so chunks alone need no sync of their own:
   * the sync of the commit covers all that stands before it in the log. A lease is worth nothing once its
   * holder is gone, and where the power is, so is he.
   */
  #setSynchronous(group: readonly Request<Write>[]): void {
    const passing = group.every(
      ({ operation }) =>
        operation.kind === 'chunk' ||
        operation.kind === 'discard' ||
        (operation.kind === 'tell' && operation.passing),
    );
    const wanted = passing ? 'NORMAL' : 'FULL';
    if (wanted === this.#synchronous) return;
    this.#database.exec(`PRAGMA synchronous = ${wanted}`);
    this.#synchronous = wanted;
  }
}
