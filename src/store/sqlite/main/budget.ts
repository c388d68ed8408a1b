/** Something that holds octets in a buffer and can send them on before the buffer is full. */
export interface Holder {
  spill(): void;
}

/**
 * Bounds the octets of messages in memory: those held in drafts' buffers and those handed to the worker
 * but not written yet.
 *
 *     copied ──► held in a draft ──► handed over ──► written
 *               └──────── in flight, bounded ──────┘
 *
 * Octets that are handed over leave by themselves, but those held may stay for as long as a peer likes.
 * So that a crowd of half-filled buffers never leaves everybody waiting, whoever finds the budget spent
 * first makes the oldest holders spill, until half of the budget at most is held.
 */
export class Budget {
  readonly #limit: number;
  /** In the order in which they began to hold: the first has waited longest. */
  readonly #holders = new Set<Holder>();
  #held = 0;
  #handed = 0;
  #waiting: (() => void)[] = [];

  /** @param limit octets */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Octets in flight. */
  get inFlight(): number {
    return this.#held + this.#handed;
  }

  hold(holder: Holder, octets: number): void {
    this.#holders.add(holder);
    this.#held += octets;
  }

  /** The holder's buffer is gone, unwritten. */
  drop(holder: Holder, octets: number): void {
    this.#holders.delete(holder);
    this.#held -= octets;
  }

  /** The holder's buffer is on its way to the worker; {@link written} must follow. */
  hand(holder: Holder, octets: number): void {
    this.drop(holder, octets);
    this.#handed += octets;
  }

  /** The worker is done with octets that were handed over, well or not. */
  written(octets: number): void {
    this.#handed -= octets;
    // One at a time, since each brings new octets; all of them where no other call would come.
    if (this.#handed === 0) for (const wake of this.#waiting.splice(0)) wake();
    else if (this.inFlight <= this.#limit) this.#waiting.shift()?.();
  }

  /** Nothing where there is room; otherwise a promise that resolves when there is. */
  room(): void | Promise<void> {
    if (this.inFlight <= this.#limit) return;
    for (const holder of this.#holders) {
      if (this.#held <= this.#limit / 2) break;
      holder.spill();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
