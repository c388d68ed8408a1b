import type { Event } from './events.js';
import type { Meter } from './meter.js';
import { concat, type ToOctets } from '../base/octets.js';
import type { Limits } from './limits.js';
import type { Reply } from './replies/reply.js';

/**
 * Returns what is sent in place of a reply to this verb, which is empty for the greeting and for farewells. It must mean
 * the same: 2yz stays 2yz, 3yz its code, and a refusal a refusal. Challenges of AUTH are not passed to it.
 */
export type Reword = (reply: Reply, verb: string) => Reply;

/** The part of a listener's profile that replies depend on. */
interface ReplyProfile {
  readonly toOctets: ToOctets;
  readonly meter: Meter | null;
  readonly limits: Pick<Limits, 'errors'>;
}

/** The replies for the client and the notices for the server, in the words of the embedder. */
export class Outbox {
  /** Changes replies before they are sent; null if they stay as they are. */
  reword: Reword | null = null;
  /**
   * The verb of the last command line, in capitals; empty before the first. Known only if the handler is asked about
   * commands or replies are reworded.
   */
  verb = '';
  /** The first reply that was not taken yet; most are taken one by one. */
  #first: Uint8Array | null = null;
  /** The replies after it. */
  #further: Uint8Array[] = [];
  #unsent = 0;
  readonly #notices: Event[] = [];
  /** Commands refused for good since the last accepted message. */
  #errors = 0;

  constructor(private readonly profile: ReplyProfile) {}

  /** Octets of replies that {@link take} would give. */
  get unsent(): number {
    return this.#unsent;
  }

  /** @param verb the verb that the reply answers; empty for the greeting and for farewells. */
  say(reply: Reply, verb = this.verb): void {
    this.#send(this.#worded(reply, verb));
  }

  /**
   * Reports a refusal, counts it, and sends its replies; a reply among several may be positive. Returns `errors` if there
   * were too many refusals, and sends nothing then; `closes` if a reply ends the session.
   */
  refuse(command: string, given: readonly Reply[]): 'errors' | 'closes' | null {
    const replies = this.reword === null ? given : this.#allWorded(given);
    const noes = replies.filter(({ positive }) => !positive);
    for (const reply of new Set(noes)) this.notify({ type: 'refused', command, reply });
    const inVain = noes.length === replies.length && noes.some(({ code }) => code >= 500);
    if (inVain && ++this.#errors >= this.profile.limits.errors) return 'errors';
    for (const reply of replies) this.#send(reply);
    return noes.some(({ closes }) => closes) ? 'closes' : null;
  }

  /** A message was accepted: the count of refusals begins anew. */
  forgive(): void {
    this.#errors = 0;
  }

  #send(reply: Reply): void {
    this.profile.meter?.reply(reply.code);
    const octets = reply.octetsBy(this.profile.toOctets);
    if (this.#first === null) this.#first = octets;
    else this.#further.push(octets);
    this.#unsent += octets.length;
  }

  #worded(reply: Reply, verb: string): Reply {
    return this.reword === null || reply.code === 334 ? reply : this.reword(reply, verb);
  }

  /** In LMTP the same reply may go to each recipient: it is worded once. */
  #allWorded(given: readonly Reply[]): readonly Reply[] {
    const words = new Map(Array.from(new Set(given), (reply) => [reply, this.#worded(reply, this.verb)]));
    return given.map((reply) => words.get(reply) as Reply);
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
