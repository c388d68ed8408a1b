import type { Event } from './events.js';
import type { Meter } from './meter.js';
import { concat, fromBinaryString, type ToOctets } from '../base/octets.js';
import type { Reply } from './replies/reply.js';

/** The replies for the client and the notices for the server. */
export class Outbox {
  /** The first reply that was not taken yet; most are taken one by one. */
  #first: Uint8Array | null = null;
  /** The replies after it. */
  #further: Uint8Array[] = [];
  #unsent = 0;
  readonly #notices: Event[] = [];

  constructor(
    private readonly toOctets: ToOctets = fromBinaryString,
    private readonly meter: Meter | null = null,
  ) {}

  /** Octets of replies that {@link take} would give. */
  get unsent(): number {
    return this.#unsent;
  }

  say(reply: Reply): void {
    this.meter?.reply(reply.code);
    const octets = reply.octetsBy(this.toOctets);
    if (this.#first === null) this.#first = octets;
    else this.#further.push(octets);
    this.#unsent += octets.length;
  }

  /** Adds a notice; does nothing for null. */
  notify(notice: Event | null): void {
    if (notice !== null) this.#notices.push(notice);
  }

  /** Returns the replies since the last call, in one piece; null without any. */
  take(): Uint8Array | null {
    const first = this.#first;
    if (first === null) return null;
    this.#first = null;
    this.#unsent = 0;
    if (this.#further.length === 0) return first;
    const whole = concat([first, ...this.#further]);
    this.#further = [];
    return whole;
  }

  /** Returns the oldest notice that was not returned yet. */
  nextNotice(): Event | undefined {
    return this.#notices.length === 0 ? undefined : this.#notices.shift();
  }
}
