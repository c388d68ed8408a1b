import type { StoreError } from '../../port.js';
import type { Write } from '../wire/operations.js';
import type { Trash } from './trash.js';

interface Upload {
  /** Its rows are ours to remove. Not so where the first chunk failed: they may be another process's. */
  stored: boolean;
  /** Why a chunk is missing. Nothing may be added to such a message, and it never commits. */
  failure: StoreError | null;
}

/**
 * The messages that are coming in chunk by chunk through this worker. A message with a missing chunk never commits,
 * whatever was queued after the chunk, and its rows are removed.
 */
export class Uploads {
  readonly #uploads = new Map<number, Upload>();
  readonly #trash: Trash;

  constructor(trash: Trash) {
    this.#trash = trash;
  }

  /** @throws StoreError the failure of an earlier chunk of the same message */
  check(write: Write): void {
    if (write.kind !== 'chunk' && write.kind !== 'commit') return;
    const failure = this.#uploads.get(write.id)?.failure;
    if (failure) throw failure;
  }

  /** Called for every write once its transaction has ended; `failure` is null if it is stored. */
  settle(write: Write, failure: StoreError | null): void {
    switch (write.kind) {
      case 'chunk':
        this.#settleChunk(write.id, failure);
        break;
      case 'commit':
        this.#end(write.id, failure === null);
        break;
      case 'discard':
        this.#end(write.id, false);
        break;
      default:
    }
  }

  /** Gives up all that are still coming in. */
  giveUp(): void {
    for (const id of [...this.#uploads.keys()]) this.#end(id, false);
  }

  #settleChunk(id: number, failure: StoreError | null): void {
    const upload = this.#uploads.get(id);
    if (upload === undefined) this.#uploads.set(id, { stored: failure === null, failure });
    else upload.failure ??= failure;
  }

  #end(id: number, committed: boolean): void {
    const upload = this.#uploads.get(id);
    if (upload === undefined) return;
    this.#uploads.delete(id);
    if (upload.stored && !committed) this.#trash.add(id);
  }
}
