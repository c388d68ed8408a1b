/**
 * Messages that were being attempted when the server died (and, by the same rule, events of webhooks that were being
 * reported): one of them may be the reason, but most are innocent. The
 * reason may also be something else, such as an operator who kills the server, or too little memory. An innocent
 * message must not bounce for that, however often it happens.
 *
 * - No crash so far: the message starts at once.
 * - One crash: the message is a suspect. Suspects wait until the server has lived for `quiet` without them; if it dies
 *   before that, they are not the reason. Then they start one after the other, so that a further crash counts for one
 *   message, or a few, and not for all of them. One that is slow lets the next one start after `holdUp`.
 * - If one more crash would give a message up, it starts before all other mail and alone, so that no other message can
 *   be the reason. One of these holds up other mail for at most `trial`, all together for at most `aloneFor`.
 *
 * So a message is given up only if the server died without it neither in the first `quiet` of a life, nor with it later
 * than `trial` after it began in another one. Deaths that come in regular intervals cannot do both.
 *
 * The rule is pure: the clock comes from outside.
 */
import type { Crashes } from '../../store/queue.js';
import { DELIVERY } from '../limits.js';

interface SuspectLimits {
  /** Number of crashes after which a message is given up. */
  readonly crashes: number;
  /** Milliseconds without suspects at the start. */
  readonly quiet: number;
  /** Milliseconds after which a suspect that is under way lets the next one start. */
  readonly holdUp: number;
  /** Milliseconds for which one suspect may hold up all other mail. */
  readonly trial: number;
  /** Milliseconds for which all suspects together may hold up all other mail. */
  readonly aloneFor: number;
}

export const SUSPECT_LIMITS: SuspectLimits = {
  crashes: DELIVERY.crashes.initial,
  quiet: DELIVERY.suspectQuiet.initial,
  holdUp: DELIVERY.suspectHoldUp.initial,
  trial: DELIVERY.suspectTrial.initial,
  aloneFor: DELIVERY.suspectsAlone.initial,
};

/**
 * Crashes beside other messages, as a multiple of the limit, after which a message is given up although it was never
 * alone.
 */
const CRASHES_IN_COMPANY = 3;

/**
 * Returns true if a message has to be given up: it crashed the server alone, or so often that chance cannot be the
 * reason.
 */
export function mustGiveUp(crashes: Crashes | null | undefined, limit: number): boolean {
  if (crashes === undefined || crashes === null) return false;
  return crashes.count >= limit && (crashes.alone || crashes.count >= CRASHES_IN_COMPANY * limit);
}

/** Returns true if one more crash in an attempt alone would give the message up. */
export function isOnTrial(crashes: number, limit: number): boolean {
  return crashes >= limit - 1;
}

export class Suspects<M> {
  #last: M[] = [];
  #suspects: M[] = [];
  #others: M[] = [];
  /** The suspect that holds up others, when it began, and whether it holds up all mail. */
  #current: { readonly message: M; readonly since: number; readonly alone: boolean } | null = null;
  /** When suspects may begin to start; null until {@link next} is called. */
  #quietUntil: number | null = null;
  /** When suspects cease to hold up other mail; null until the first of them does. */
  #aloneUntil: number | null = null;

  constructor(private readonly limits: SuspectLimits) {}

  /** Adds a message. {@link next} returns it when it may start. */
  add(message: M, crashes: number): void {
    if (crashes === 0) this.#others.push(message);
    else if (isOnTrial(crashes, this.limits.crashes)) this.#last.push(message);
    else this.#suspects.push(message);
  }

  /** Removes and returns the messages that may start now. */
  next(now: number): M[] {
    this.#limit(now);
    if (now >= this.due) this.#current = null;
    const started: M[] = [];
    if (this.#current === null) {
      const alone = this.#mayHoldUp(now) ? this.#last.shift() : undefined;
      const message = alone ?? this.#waitingOf(now).shift();
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
    if (this.#current === null) {
      const atOnce = this.#others.length + this.#last.length > 0;
      return atOnce ? 0 : (this.#quietUntil ?? 0);
    }
    const { since, alone } = this.#current;
    if (!alone) return since + this.limits.holdUp;
    return Math.min(since + this.limits.trial, this.#aloneUntil ?? Infinity);
  }

  /** True if no message that may have ended the server is waiting or under way. */
  get isUnsuspecting(): boolean {
    return this.#last.length + this.#suspects.length === 0 && this.#current === null;
  }

  /** True if the message waits to start. */
  has(message: M): boolean {
    return [this.#last, this.#suspects, this.#others].some((messages) => messages.includes(message));
  }

  /** True if no message waits to start. */
  get isEmpty(): boolean {
    return this.#last.length + this.#suspects.length + this.#others.length === 0;
  }

  /**
   * Removes and returns suspects that cannot start soon, so that other mail has their room.
   *
   * @param keep the number of those that stay
   */
  spare(keep: number): M[] {
    return this.#suspects.splice(keep);
  }

  /** Removes and returns messages that wait to start. */
  remove(messages: readonly M[]): M[] {
    const wanted = new Set(messages);
    const removed: M[] = [];
    const stays = (message: M): boolean => {
      if (!wanted.has(message)) return true;
      removed.push(message);
      return false;
    };
    this.#last = this.#last.filter(stays);
    this.#suspects = this.#suspects.filter(stays);
    this.#others = this.#others.filter(stays);
    return removed;
  }

  /** Removes and returns all messages that have not started. */
  clear(): M[] {
    return [...this.#last.splice(0), ...this.#suspects.splice(0), ...this.#others.splice(0)];
  }

  /** A clock that was put back makes no wait longer than its limit. */
  #limit(now: number): void {
    const { quiet, aloneFor } = this.limits;
    if (this.#current !== null && this.#current.since > now) this.#current = { ...this.#current, since: now };
    this.#quietUntil = Math.min(this.#quietUntil ?? Infinity, now + quiet);
    if (this.#aloneUntil !== null) this.#aloneUntil = Math.min(this.#aloneUntil, now + aloneFor);
  }

  #waitingOf(now: number): M[] {
    if (this.#suspects.length > 0 && now >= (this.#quietUntil ?? 0)) return this.#suspects;
    return this.#last;
  }

  #mayHoldUp(now: number): boolean {
    if (this.#last.length === 0) return false;
    this.#aloneUntil ??= now + this.limits.aloneFor;
    return now < this.#aloneUntil;
  }
}
