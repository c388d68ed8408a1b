/** Octets in buffers of one size that are kept for reuse. */
const KEPT = 512 * 1024;
/**
 * The same for buffers of {@link LARGE} octets and more: enough for fifty messages of 64 KiB, whose buffers have 128 KiB.
 * V8 collects all garbage whenever enough of them were thrown away.
 */
const KEPT_LARGE = 8 * 1024 * 1024;
const LARGE = 64 * 1024;
/** The least that a draft takes. */
const SMALLEST = 2048;

/**
 * Buffers for drafts, and for what they hand over. They are filled again and again: left to the garbage
 * collector, of another thread for those that were handed over, they would pile up while mail streams in.
 */
export class BufferPool {
  /** Octets of a full chunk. */
  readonly largest: number;
  readonly #free = new Map<number, ArrayBuffer[]>();

  constructor(largest: number) {
    this.largest = largest;
  }

  /** Takes back buffers that came from here. The caller must not use them any longer. */
  give(buffers: readonly ArrayBuffer[]): void {
    for (const buffer of buffers) {
      const octets = buffer.byteLength;
      const free = this.#free.get(octets);
      if (free === undefined) this.#free.set(octets, [buffer]);
      else if (free.length < this.#keptOf(octets)) free.push(buffer);
    }
  }

  /** Returns a buffer with room for so many octets, at most {@link largest}. Its contents have no meaning. */
  take(octets: number): Uint8Array<ArrayBuffer> {
    let size = SMALLEST;
    while (size < octets) size *= 2;
    size = Math.min(size, this.largest);
    return new Uint8Array(this.#free.get(size)?.pop() ?? new ArrayBuffer(size));
  }

  /**
   * A buffer that has room for `needed` octets, which must be at most {@link largest}, and begins with the
   * `length` octets of the given one: that one itself where it is large enough.
   *
   * @param full whether a whole chunk is likely to be needed
   */
  grow(
    buffer: Uint8Array<ArrayBuffer> | null,
    length: number,
    needed: number,
    full: boolean,
  ): Uint8Array<ArrayBuffer> {
    if (buffer !== null && buffer.length >= needed) return buffer;
    const grown = this.take(full ? this.largest : needed);
    if (buffer === null) return grown;
    grown.set(buffer.subarray(0, length));
    this.give([buffer.buffer]);
    return grown;
  }

  #keptOf(octets: number): number {
    return (octets < LARGE ? KEPT : KEPT_LARGE) / octets;
  }
}
