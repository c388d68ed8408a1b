/**
 * Messages that were being attempted when the server crashed: one of them may have ended it, but most are innocent.
 *
 * - No crash so far: the message starts at once.
 * - Suspects start one after the other, so that a further crash counts for one message, not for all of them. A slow
 *   one does not hold up the next for longer than `holdUp`.
 * - If one more crash would give a message up, it starts before all other mail and alone, so that no other message can
 *   be the reason. All of these together hold up other mail for at most `aloneFor`.
 *
 * Pure: the clock comes from outside.
 */
import type { Crashes } from '../../store/queue.js';

export interface SuspectLimits {
  /** Number of crashes after which a message is given up. */
  readonly crashes: number;
  /** Milliseconds after which a suspect that is under way lets the next one start. */
  readonly holdUp: number;
  /** Milliseconds for which suspects may hold up all other mail. */
  readonly aloneFor: number;
}

/**
 * Crashes beside other messages, as a multiple of the limit, after which a message is given up although it was never
 * alone.
 */
const CRASHES_IN_COMPANY = 3;

/**
 * Returns true if a message has to be given up: it crashed the server alone, or so often that chance cannot be the
 * reason.
 */
export function mustGiveUp(crashes: Crashes | undefined, limit: number): boolean {
  if (crashes === undefined) return false;
  return crashes.count >= limit && (crashes.alone || crashes.count >= CRASHES_IN_COMPANY * limit);
}

export class Suspects<M> {
  #last: M[] = [];
  #suspects: M[] = [];
  #others: M[] = [];
  /** The suspect that holds up others, when it began, and whether it holds up all mail. */
  #current: { readonly message: M; readonly since: number; readonly alone: boolean } | null = null;
  /** When suspects cease to hold up other mail; null until the first of them does. */
  #aloneUntil: number | null = null;

  constructor(private readonly limits: SuspectLimits) {}

  /** Adds a message. {@link next} returns it when it may start. */
  add(message: M, crashes: number): void {
    if (crashes === 0) this.#others.push(message);
    else if (crashes >= this.limits.crashes - 1) this.#last.push(message);
    else this.#suspects.push(message);
  }

  /** Removes and returns the messages that may start now. */
  next(now: number): M[] {
    this.#limit(now);
    if (now >= this.due) this.#current = null;
    const started: M[] = [];
    if (this.#current === null) {
      const alone = this.#mayHoldUp(now) ? this.#last.shift() : undefined;
      const message = alone ?? this.#suspects.shift() ?? this.#last.shift();
      if (message !== undefined) {
        this.#current = { message, since: now, alone: alone !== undefined };
        started.push(message);
      }
    }
    if (this.#current?.alone !== true) started.push(...this.#others.splice(0));
    return started;
  }

  /** Called when nothing of the message is under way any more. */
  ended(message: M): void {
    if (this.#current?.message === message) this.#current = null;
  }

  /** When {@link next} has something to return although nothing ended; Infinity if never. */
  get due(): number {
    if (this.isEmpty) return Infinity;
    if (this.#current === null) return 0;
    const { since, alone } = this.#current;
    const end = since + this.limits.holdUp;
    return alone ? Math.min(end, this.#aloneUntil ?? end) : end;
  }

  /** True if no message waits to start. */
  get isEmpty(): boolean {
    return this.#last.length + this.#suspects.length + this.#others.length === 0;
  }

  /** Removes and returns all messages that have not started. */
  clear(): M[] {
    return [...this.#last.splice(0), ...this.#suspects.splice(0), ...this.#others.splice(0)];
  }

  /** A clock that was put back makes no wait longer than its limit. */
  #limit(now: number): void {
    if (this.#current !== null && this.#current.since > now) this.#current = { ...this.#current, since: now };
    if (this.#aloneUntil !== null) this.#aloneUntil = Math.min(this.#aloneUntil, now + this.limits.aloneFor);
  }

  #mayHoldUp(now: number): boolean {
    if (this.#last.length === 0) return false;
    this.#aloneUntil ??= now + this.limits.aloneFor;
    return now < this.#aloneUntil;
  }
}
