/** Room in memory for messages that are held as a whole: who finds none waits for those before. */
export class Room {
  readonly #octets: number;
  #taken = 0;
  readonly #waiting: { readonly size: number; readonly enter: () => void }[] = [];

  constructor(octets: number) {
    this.#octets = octets;
  }

  /** Runs `work` once there is room for `size` octets; one that is larger than all of the room goes alone. */
  async hold<T>(size: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#fits(size)) {
      await new Promise<void>((enter) => this.#waiting.push({ size, enter }));
    } else this.#taken += size;
    try {
      return await work();
    } finally {
      this.#taken -= size;
      this.#admit();
    }
  }

  #fits(size: number): boolean {
    return this.#taken === 0 || this.#taken + size <= this.#octets;
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.size); next = this.#waiting[0]) {
      this.#waiting.shift();
      // Taken here and not by the one who waits, or two of them would see the same room.
      this.#taken += next.size;
      next.enter();
    }
  }
}
