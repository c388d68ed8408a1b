import type { Event } from './events.js';
import { concat } from './octets.js';
import type { Reply } from './reply.js';

/** What the session has said to the client, and has to tell the server. */
export class Outbox {
  #replies: Uint8Array[] = [];
  #unsent = 0;
  readonly #notices: Event[] = [];

  /** Octets of replies that {@link take} would give. */
  get unsent(): number {
    return this.#unsent;
  }

  say(...replies: readonly Reply[]): void {
    for (const { octets } of replies) {
      this.#replies.push(octets);
      this.#unsent += octets.length;
    }
  }

  /** Null tells nothing. */
  tell(notice: Event | null): void {
    if (notice !== null) this.#notices.push(notice);
  }

  /** The replies said since the last call, in one piece; null where there are none. */
  take(): Uint8Array | null {
    const pieces = this.#replies;
    const [first] = pieces;
    if (first === undefined) return null;
    this.#replies = [];
    this.#unsent = 0;
    return pieces.length === 1 ? first : concat(pieces);
  }

  /** The oldest notice that was not told yet, if there is one. */
  nextNotice(): Event | undefined {
    return this.#notices.shift();
  }
}
