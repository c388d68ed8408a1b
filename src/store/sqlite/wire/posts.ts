/**
 * The messages between the main thread and the database's worker.
 *
 * Requests travel in posts of many, each with a number; outcomes come back in posts of many, in any order. Buffers are
 * transferred, so the sender of a post must not touch its buffers again.
 */
import type { Failure } from '../errors.js';
import type { Request } from './operations.js';
import type { PackedCommits } from './packed.js';

/** A post of the main thread. Its `requests` were made before its `commits`, or at the same time. */
export interface MainPost {
  readonly requests: readonly Request[];
  readonly commits: PackedCommits;
}

export type Outcome =
  /**
   * The value is the result of the method, whose type `WorkerLink.ask` knows; undefined for operations that are not
   * calls of a part.
   */
  | { readonly call: number; readonly ok: true; readonly value: unknown }
  | { readonly call: number; readonly ok: false; readonly failure: Failure };

/** One group of writes that shared a transaction, or failed. */
export interface GroupFacts {
  readonly writes: number;
  /** Milliseconds, the sync included. */
  readonly duration: number;
}

/** The worker's posts: first `ready` or `refused`, once; then outcomes. */
export type WorkerPost =
  | { readonly kind: 'ready'; readonly greatestId: number }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | {
      readonly kind: 'outcomes';
      /** Calls that are done and have no result. */
      readonly done: readonly number[];
      readonly outcomes: readonly Outcome[];
      /** The facts of the transaction; null if the post is about reads. */
      readonly group: GroupFacts | null;
      /** Buffers of written pieces, sent back to be filled again. */
      readonly spent: readonly ArrayBuffer[];
    };

/** The data with which a worker is started. */
export interface WorkerOptions {
  readonly directory: string;
  readonly exclusive: boolean;
  /** False if this thread replaces one that died: leases that were held are still held. */
  readonly first: boolean;
}
