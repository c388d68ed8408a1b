/**
 * Gives back what calls have leased that failed. The database may have committed such a call although no answer came, and
 * the node lives, so that no other node takes over from it: the mail would stand still until the leases end.
 */
import type { Node } from './node.js';

/** How long a call whose connection is broken may still commit, in milliseconds. */
const MAY_COMMIT_MS = 60_000;

/** Leases with these numbers, both included. */
interface Lost {
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

export class LostLeases {
  readonly #node: Node;
  readonly #free: (from: number, to: number) => Promise<void>;
  #lost: readonly Lost[] = [];

  /** @param free gives back the node's leases from one number to another */
  constructor(node: Node, free: (from: number, to: number) => Promise<void>) {
    this.#node = node;
    this.#free = free;
  }

  /**
   * Makes a call that leases. Only one at a time: its leases are those with the numbers that the node gives out
   * meanwhile. What calls before it have lost is given back first; if that fails, this call fails, too.
   */
  async guard<T>(call: () => Promise<T>): Promise<T> {
    await this.#giveBack();
    const from = this.#node.ids.next();
    try {
      return await call();
    } catch (error) {
      this.#lost = [...this.#lost, { from, to: Number.MAX_SAFE_INTEGER, at: performance.now() }];
      throw error;
    }
  }

  async #giveBack(): Promise<void> {
    if (this.#lost.length === 0) return;
    const last = this.#node.ids.next();
    const lost = this.#lost.map((call) => ({ ...call, to: Math.min(call.to, last) }));
    this.#lost = lost;
    const now = performance.now();
    for (const { from, to } of lost) await this.#free(from, to);
    this.#lost = lost.filter(({ at }) => now < at + MAY_COMMIT_MS);
  }
}
