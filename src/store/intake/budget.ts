import type { HeldOctets, OctetHolder } from '../port.js';

/** Something that holds octets in a buffer and can send them on before the buffer is full. */
export interface Holder {
  spill(): void;
}

/**
 * Bounds the octets of messages in memory: those held in drafts' buffers and those handed to the worker but not
 * written yet.
 *
 *     copied ──► held in a draft ──► handed over ──► written
 *               └──────── in flight, bounded ──────┘
 *
 * Octets that are handed over leave by themselves, but those held may stay for as long as a client likes. Many
 * half-filled buffers must not make every draft wait: if a draft finds the budget spent, the oldest holders spill,
 * until at most half of the budget is held.
 *
 * Octets that are not in a draft yet (header sections that are not complete) cannot be spilled. They have the other
 * half: if they need more, the holders with the most are evicted, so that clients with large sections slow down each
 * other, and not a client with a small one.
 */
export class Budget implements HeldOctets {
  readonly #limit: number;
  /** In the order in which they began to hold: the first has waited longest. */
  readonly #holders = new Set<Holder>();
  #held = 0;
  readonly #outside = new Map<OctetHolder, number>();
  #outsideOctets = 0;
  #handed = 0;
  #waiting: (() => void)[] = [];

  /** @param limit octets */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Octets in flight. */
  get inFlight(): number {
    return this.#held + this.#handed + this.#outsideOctets;
  }

  set(holder: OctetHolder, octets: number): void {
    this.#outsideOctets += octets - (this.#outside.get(holder) ?? 0);
    if (octets === 0) this.#outside.delete(holder);
    else this.#outside.set(holder, octets);
    while (this.#outsideOctets > this.#limit / 2) this.#evictLargest();
    // Those that wait may have room now, and no octets on the way that would wake them.
    if (this.#waiting.length > 0 && this.inFlight <= this.#limit) this.#waiting.shift()?.();
  }

  #evictLargest(): void {
    let largest: OctetHolder | null = null;
    let most = 0;
    for (const [holder, octets] of this.#outside) {
      if (octets <= most) continue;
      largest = holder;
      most = octets;
    }
    if (largest === null) return;
    this.#outside.delete(largest);
    this.#outsideOctets -= most;
    largest.evict();
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
