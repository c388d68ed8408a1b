/** Commits that go to the worker in one post. */
import type { BufferPool } from '../../intake/buffers.js';
import type { Column } from '../wire/operations.js';
import type { NewCommit } from '../../intake/draft.js';
import { packCommit, type PackedCommits, type PackedPiece } from '../wire/packed.js';

/** Of content larger than this part of a chunk the buffer itself is sent: cheaper than to copy it. */
const SHARED_PART = 4;

/** A buffer for several contents. */
interface Shared {
  readonly octets: Uint8Array<ArrayBuffer>;
  /** Its place among the buffers of the post. */
  readonly buffer: number;
  used: number;
}

/**
 * Gathers commits, and the content of those that are small in one buffer: to hand a buffer over costs both
 * threads some microseconds, however small it is, and to copy a short message a tenth of one.
 */
export class Batch {
  readonly #pool: BufferPool;
  #calls: number[] = [];
  #fields: Column[] = [];
  #buffers: ArrayBuffer[] = [];
  #shared: Shared | null = null;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  get length(): number {
    return this.#calls.length;
  }

  /** Takes the commit's content over. */
  add(call: number, commit: NewCommit): void {
    const { content } = commit;
    this.#calls.push(call);
    packCommit(this.#fields, call, commit, content === null ? null : this.#place(content));
  }

  /** All that was added since the last time, and the numbers of its calls. Its buffers change hands. */
  take(): { readonly calls: readonly number[]; readonly commits: PackedCommits } {
    const taken = { calls: this.#calls, commits: { fields: this.#fields, buffers: this.#buffers } };
    this.#calls = [];
    this.#fields = [];
    this.#buffers = [];
    this.#shared = null;
    return taken;
  }

  #place(content: Uint8Array<ArrayBuffer>): PackedPiece {
    const { buffer, length } = content;
    if (length > this.#pool.largest / SHARED_PART) {
      return { buffer: this.#buffers.push(buffer) - 1, start: 0, length };
    }
    const shared = this.#sharedWithRoomFor(length);
    const start = shared.used;
    shared.octets.set(content, start);
    shared.used += length;
    this.#pool.give([buffer]);
    return { buffer: shared.buffer, start, length };
  }

  #sharedWithRoomFor(length: number): Shared {
    const { largest } = this.#pool;
    if (this.#shared !== null && this.#shared.used + length <= largest) return this.#shared;
    const octets = this.#pool.take(largest);
    this.#shared = { octets, buffer: this.#buffers.push(octets.buffer) - 1, used: 0 };
    return this.#shared;
  }
}
