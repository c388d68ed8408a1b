import type { Store } from '../../store/port.js';
import { freeOctets } from './disk.js';

/** Free octets on the disk below which the server is not ready: room for some minutes of mail. */
const LEAST_FREE = 64 * 1024 * 1024;
/** How long the store may take to answer, in milliseconds. */
const STORE_TIME_MS = 2_000;
/** How long an answer is reused, in milliseconds, so that probes cost the store nothing. */
const HOLDS_MS = 1_000;

/**
 * If messages have been due for so long, and no attempt had an outcome in this time, delivery has stopped. Milliseconds;
 * longer than any attempt takes.
 */
const STUCK_MS = 20 * 60_000;

/** Finds out why a server cannot take mail. */
export class Readiness {
  #stopping = false;
  #last: { readonly at: number; readonly problems: Promise<readonly string[]> } | null = null;

  /** When an attempt had an outcome last, or when the server began. */
  #lastOutcome: number;

  /** @param delivers whether a message can leave by any route */
  constructor(
    private readonly store: Pick<Store, 'isEmpty' | 'queue'>,
    /** Null for a command, of which the store has no data on this machine. */
    private readonly data: string | null,
    private readonly delivers: boolean,
    private readonly now: () => number = Date.now,
    /** Milliseconds of a clock that never goes back. */
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.#lastOutcome = clock();
  }

  /** Records that an attempt to deliver had an outcome. */
  attempted(): void {
    this.#lastOutcome = this.clock();
  }

  /** Records that the server takes no more mail. */
  stop(): void {
    this.#stopping = true;
  }

  /** Returns the reasons, in words; empty if the server is ready. Never rejects. */
  problems(): Promise<readonly string[]> {
    const now = this.clock();
    if (this.#last === null || now - this.#last.at > HOLDS_MS)
      this.#last = { at: now, problems: this.#look() };
    const { problems } = this.#last;
    return this.#stopping ? problems.then((list) => ['stopping', ...list]) : problems;
  }

  async #look(): Promise<readonly string[]> {
    const found = await Promise.all([this.#store(), this.#disk()]);
    return found.flat();
  }

  async #store(): Promise<string[]> {
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error('late')), STORE_TIME_MS);
      });
      await Promise.race([this.store.isEmpty(), late]);
      const due = await this.store.queue.nextDue();
      if (due === null) return [];
      if (this.delivers) return this.#isStuck(due) ? ['messages are due, and nothing is delivered'] : [];
      return ['messages wait, and nothing delivers them: no deliver URL is configured'];
    } catch {
      return ['the store does not answer'];
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param due when the next message is due, in milliseconds since the epoch */
  #isStuck(due: number): boolean {
    return this.now() - due > STUCK_MS && this.clock() - this.#lastOutcome > STUCK_MS;
  }

  async #disk(): Promise<string[]> {
    if (this.data === null) return [];
    try {
      return (await freeOctets(this.data)) < LEAST_FREE ? ['the disk is nearly full'] : [];
    } catch {
      return ['the data folder cannot be read'];
    }
  }
}
