/** The part of a rate that one node has in hand: it asks the database for more. */

/** An allowance that asks again within this time has too little in hand; after more than the second, too much; in ms. */
const SOON_MS = 250;
const LATE_MS = 1000;
/** If nothing is taken for this time, the rest is given back; in milliseconds. */
const KEEP_MS = 1000;
/** A rate that is used up is not asked for more often than this, in milliseconds. */
const LEAST_WAIT_MS = 10;
/** An allowance that is not used for this time is forgotten, in milliseconds. */
const IDLE_MS = 60_000;

interface Waiting {
  readonly resolve: (wait: number) => void;
  readonly reject: (error: unknown) => void;
}

interface AllowanceOptions {
  readonly now: () => number;
  /** Returns how many this node may have in hand: at least 1. */
  readonly most: () => number;
  /** Asks for more, or gives back, soon: {@link Allowance.wants} says how many. */
  readonly ask: () => void;
}

/**
 * Takes are answered from what is in hand. The allowance asks ahead when half of it is used, for as much as it used of
 * late: it begins with 1, so a domain that sends little keeps nothing from other nodes.
 *
 *     take ──► in hand ──► 0
 *         └──► waits for the database ──► 0 │ the time to wait
 */
export class Allowance {
  readonly #options: AllowanceOptions;
  readonly #waiting: Waiting[] = [];
  #inHand = 0;
  #size = 1;
  #askedAt = -Infinity;
  #takenAt: number;
  /** Until then, nothing is available. */
  #refusedUntil = -Infinity;

  constructor(options: AllowanceOptions) {
    this.#options = options;
    this.#takenAt = options.now();
  }

  take(): number | Promise<number> {
    const now = this.#options.now();
    this.#takenAt = now;
    if (this.#inHand > 0) {
      this.#inHand--;
      if (this.#size > 1 && this.#inHand <= this.#size / 2 && now >= this.#refusedUntil) this.#options.ask();
      return 0;
    }
    if (now < this.#refusedUntil) return this.#refusedUntil - now;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#options.ask();
    });
  }

  /** Returns how many to ask the database for; less than 0: how many to give back. Called when the question is sent. */
  wants(): number {
    const now = this.#options.now();
    if (this.#isUnused(now)) {
      const back = -this.#inHand;
      this.#inHand = 0;
      this.#size = 1;
      return back;
    }
    const since = now - this.#askedAt;
    if (since < SOON_MS) this.#size *= 2;
    else if (since > LATE_MS) this.#size = 1;
    this.#size = Math.min(this.#size, this.#options.most());
    this.#askedAt = now;
    return this.#waiting.length + (this.#size > 1 ? Math.max(0, this.#size - this.#inHand) : 0);
  }

  /**
   * Takes the database's answer.
   *
   * @param wait milliseconds until another one is available
   */
  answer(granted: number, wait: number): void {
    if (granted < 0) return;
    this.#inHand += granted;
    for (const { resolve } of this.#waiting.splice(0, this.#inHand)) {
      this.#inHand--;
      resolve(0);
    }
    if (wait <= 0) return;
    this.#refusedUntil = this.#options.now() + Math.max(wait, LEAST_WAIT_MS);
    for (const { resolve } of this.#waiting.splice(0)) resolve(Math.max(wait, LEAST_WAIT_MS));
  }

  /** The database could not be asked. */
  fail(error: unknown): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** Asks to give back what is not used. Returns true if nothing is left to do, so that the allowance can be forgotten. */
  tidy(): boolean {
    const now = this.#options.now();
    if (this.#isUnused(now)) this.#options.ask();
    return this.#inHand === 0 && this.#waiting.length === 0 && now - this.#takenAt > IDLE_MS;
  }

  /** Gives everything back. */
  end(): number {
    const inHand = this.#inHand;
    this.#inHand = 0;
    return inHand;
  }

  #isUnused(now: number): boolean {
    return this.#inHand > 0 && this.#waiting.length === 0 && now - this.#takenAt >= KEEP_MS;
  }
}
