/**
 * What the main thread and the database's worker say to each other.
 *
 * Requests travel in posts of many, each with a number; outcomes come back in posts of many, in any order.
 * Buffers are transferred, so whoever posts one must not touch it again.
 */
import type { Failure } from '../errors.js';
import type { Request } from './operations.js';
import type { PackedCommits } from './packed.js';

/** The main thread's posts. What is in `requests` was asked before what is in `commits`, or beside it. */
export interface MainPost {
  readonly requests: readonly Request[];
  readonly commits: PackedCommits;
}

export type Outcome =
  /** The value is whatever the method returns, `WorkerLink.ask` knows; undefined for all that is no call of a part. */
  | { readonly call: number; readonly ok: true; readonly value: unknown }
  | { readonly call: number; readonly ok: false; readonly failure: Failure };

/** The worker's posts: first `ready` or `refused`, once; then outcomes. */
export type WorkerPost =
  | { readonly kind: 'ready'; readonly greatestId: number }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | {
      readonly kind: 'outcomes';
      /** Calls that are done and have nothing to tell. */
      readonly done: readonly number[];
      readonly outcomes: readonly Outcome[];
      /** Buffers of written pieces, sent back to be filled again. */
      readonly spent: readonly ArrayBuffer[];
    };

/** What a worker is started with. */
export interface WorkerOptions {
  readonly directory: string;
  readonly exclusive: boolean;
  /** False where this thread takes the place of one that died: whoever held leases holds them still. */
  readonly first: boolean;
}
