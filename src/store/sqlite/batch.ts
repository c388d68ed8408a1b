/** Commits that go to the worker in one post. */
import type { BufferPool } from './buffers.js';
import { type NewCommit, packCommit, type PackedCommit, type PackedPiece } from './packed.js';

/** Of content larger than this part of a chunk the buffer itself is sent: cheaper than to copy it. */
const SHARED_PART = 4;

/**
 * Gathers commits, and the content of those that are small in one buffer: to hand a buffer over costs both
 * threads some microseconds, however small it is, and to copy a short message a tenth of one.
 */
export class Batch {
  readonly #buffers: BufferPool;
  #commits: PackedCommit[] = [];
  #transfer: ArrayBuffer[] = [];
  #shared: Uint8Array<ArrayBuffer> | null = null;
  #used = 0;
  /** The last one in the shared buffer: the buffer comes back with it. */
  #last: PackedPiece | null = null;

  constructor(buffers: BufferPool) {
    this.#buffers = buffers;
  }

  get length(): number {
    return this.#commits.length;
  }

  /** Takes the commit's content over. */
  add(call: number, commit: NewCommit): void {
    const { content } = commit;
    this.#commits.push(packCommit(call, commit, content === null ? null : this.#place(content)));
  }

  /** All that was added since, and puts the buffers in it that change hands into `transfer`. */
  take(transfer: ArrayBuffer[]): readonly PackedCommit[] {
    transfer.push(...this.#transfer);
    const commits = this.#commits;
    this.#commits = [];
    this.#transfer = [];
    this.#shared = null;
    this.#last = null;
    return commits;
  }

  #place(content: Uint8Array<ArrayBuffer>): PackedPiece {
    const { buffer, length } = content;
    const { largest } = this.#buffers;
    if (length > largest / SHARED_PART) {
      this.#transfer.push(buffer);
      return [buffer, 0, length, buffer.byteLength === largest];
    }
    const shared = this.#sharedWithRoomFor(length);
    const piece: PackedPiece = [shared.buffer, this.#used, length, true];
    shared.set(content, this.#used);
    this.#used += length;
    if (this.#last !== null) this.#last[3] = false;
    this.#last = piece;
    this.#buffers.give([buffer]);
    return piece;
  }

  #sharedWithRoomFor(length: number): Uint8Array<ArrayBuffer> {
    const { largest } = this.#buffers;
    if (this.#shared !== null && this.#used + length <= largest) return this.#shared;
    this.#shared = this.#buffers.take(largest);
    this.#transfer.push(this.#shared.buffer);
    this.#used = 0;
    this.#last = null;
    return this.#shared;
  }
}
