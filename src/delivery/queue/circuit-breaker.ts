/** Keeps connections away from a destination that does not work. Clock and random numbers come from outside. */
/** Failures in a row, of different messages, after which a destination counts as out of order. */
const FAILURES_TO_OPEN = 3;
/** How many messages may be under way to a destination that has not worked yet. Each success adds one. */
const INITIAL_CAPACITY = 5;
/** How long an outage is remembered after its last pause, in milliseconds: longer than messages wait between tries. */
const OUTAGE_MEMORY = 6 * 3_600_000;

interface Outage {
  readonly pauses: number;
  readonly until: number;
  readonly reason: string;
  /** True if the destination itself asked for the pause. */
  readonly requested: boolean;
}

/**
 * The state of one destination: in order, or out of order since some time. If it is out of order, nothing is sent to
 * it for a while; then one message is tried as a probe, and its outcome decides. So an unreachable relay costs a
 * handful of connections, however much mail waits for it. If a destination asks for a pause (Retry-After), it gets one
 * too.
 */
export class CircuitBreaker {
  #failures = 0;
  /** When a failure was first reported, in milliseconds since the epoch; null if none was. */
  #reportedAt: number | null = null;
  #capacity = INITIAL_CAPACITY;
  #outage: Outage | null = null;

  /** @param rest milliseconds of the first pause, and of the longest; each pause is twice as long as the one before */
  constructor(private readonly rest: { readonly base: number; readonly max: number }) {}

  /** The reason of the outage; null if the destination is in order. */
  get reason(): string | null {
    return this.#outage?.reason ?? null;
  }

  /** When it may be tried again, in milliseconds since the epoch; 0 if it is in order. */
  get until(): number {
    return this.#outage?.until ?? 0;
  }

  /** True if it asked for the pause itself. Then no other destination is tried in its place. */
  get requestedPause(): boolean {
    return this.#outage?.requested === true;
  }

  /**
   * Returns true while nothing may be sent to it. If the clock was put back, the pause is still no longer than the
   * longest.
   */
  isOpen(now: number): boolean {
    return this.until > now && this.until - now <= 2 * this.rest.max;
  }

  /** Returns how many messages may be under way to it. */
  room(cap: number, now: number): number {
    if (this.#outage === null) return Math.min(cap, this.#capacity);
    return this.isOpen(now) ? 0 : 1;
  }

  /**
   * Begins a pause that the destination asked for, cut to the longest pause. After that, one message is tried as a
   * probe.
   */
  pauseFor(reason: string, now: number, milliseconds: number): void {
    const until = Math.max(this.isOpen(now) ? this.until : 0, now + Math.min(milliseconds, this.rest.max));
    this.#outage = { pauses: this.#outage?.pauses ?? 0, until, reason, requested: true };
  }

  /** Ends the pause, so that one message is tried: an operator asked for it. */
  allowProbe(now: number): void {
    if (this.#outage !== null && this.isOpen(now)) this.#outage = { ...this.#outage, until: now };
  }

  /** Notes a failure. Returns true if it is the first one to report. */
  markReported(now: number): boolean {
    if (this.#reportedAt !== null) return false;
    this.#reportedAt = now;
    return true;
  }

  /** Notes a success. Returns true if a failure had been reported before. */
  succeeded(now: number): boolean {
    // Messages that were under way when the destination asked for the pause do not end it.
    if (this.requestedPause && this.isOpen(now)) return false;
    if (this.#outage === null) this.#capacity++;
    else this.#capacity = INITIAL_CAPACITY;
    const reported = this.#reportedAt !== null;
    this.#outage = null;
    this.#failures = 0;
    this.#reportedAt = null;
    return reported;
  }

  /** Notes a failure. Returns true if this begins an outage, or another pause of one. */
  failed(reason: string, now: number, chance: number): boolean {
    // Messages that were under way when the pause began say nothing new.
    if (this.isOpen(now)) return false;
    this.#failures++;
    if (this.#outage === null && this.#failures < FAILURES_TO_OPEN) return false;
    const rests = (this.#outage?.pauses ?? 0) + 1;
    const rest = Math.min(this.rest.max, this.rest.base * 2 ** (rests - 1));
    this.#outage = {
      pauses: rests,
      until: now + Math.round(rest * (1 + chance / 4)),
      reason,
      requested: false,
    };
    return true;
  }

  /** Returns true if the object holds nothing worth keeping. */
  isForgettable(now: number): boolean {
    return Math.max(this.until, this.#reportedAt ?? -Infinity) + OUTAGE_MEMORY < now;
  }
}
