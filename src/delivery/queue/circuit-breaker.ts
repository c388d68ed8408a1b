/** Whether a destination works, as far as anybody has seen. Clock and chance come from outside. */
/** Failures in a row, of different messages, after which a destination is taken to be out of order. */
const STRIKES = 3;
/** How many messages may be under way to a destination that nobody has been to. Each success adds one. */
const FIRST_CALLERS = 5;
/** How long an outage is remembered after its last rest, in milliseconds: longer than messages wait between tries. */
const MEMORY = 6 * 3_600_000;

interface Outage {
  readonly rests: number;
  readonly until: number;
  readonly reason: string;
  /** It asked to be left alone. */
  readonly peace: boolean;
}

/**
 * The state of one destination: in order, or out of order since some time. Where it is out of order it is left
 * alone for a while; then one message is let through, and what becomes of that decides. So an unreachable
 * relay costs a handful of connections, however much waits for it. One that asks for peace is left alone likewise.
 */
export class Health {
  #strikes = 0;
  /** Since when it is known to somebody that something is wrong. */
  #toldAt: number | null = null;
  #callers = FIRST_CALLERS;
  #outage: Outage | null = null;

  /** @param rest how long the first rest is, in milliseconds, and the longest; each doubles the one before */
  constructor(private readonly rest: { readonly base: number; readonly max: number }) {}

  /** What went wrong, while the destination is out of order. */
  get reason(): string | null {
    return this.#outage?.reason ?? null;
  }

  /** When it may be tried again, in milliseconds since the epoch; 0 where it is in order. */
  get until(): number {
    return this.#outage?.until ?? 0;
  }

  /** True where it asked to be left alone itself: then nobody else is asked in its place. */
  get wantsPeace(): boolean {
    return this.#outage?.peace === true;
  }

  /** True while it is left alone. A clock that was put back makes no rest longer than the longest there is. */
  rests(now: number): boolean {
    return this.until > now && this.until - now <= 2 * this.rest.max;
  }

  /** How many messages may be under way to it. */
  room(cap: number, now: number): number {
    if (this.#outage === null) return Math.min(cap, this.#callers);
    return this.rests(now) ? 0 : 1;
  }

  /** It asks for so many milliseconds of peace, and has them up to the longest rest: then one message may ask. */
  leave(reason: string, now: number, milliseconds: number): void {
    const until = Math.max(this.rests(now) ? this.until : 0, now + Math.min(milliseconds, this.rest.max));
    this.#outage = { rests: this.#outage?.rests ?? 0, until, reason, peace: true };
  }

  /** Somebody wants to know: its rest is over, and one message is let through. */
  wake(now: number): void {
    if (this.#outage !== null && this.rests(now)) this.#outage = { ...this.#outage, until: now };
  }

  /** Something is wrong. Returns true where nobody knows that yet. */
  tell(now: number): boolean {
    if (this.#toldAt !== null) return false;
    this.#toldAt = now;
    return true;
  }

  /** Somebody got through. Returns true where somebody had been told that this does not work. */
  worked(now: number): boolean {
    // Those that were on their way when it asked for peace do not end that.
    if (this.wantsPeace && this.rests(now)) return false;
    if (this.#outage === null) this.#callers++;
    else this.#callers = FIRST_CALLERS;
    const told = this.#toldAt !== null;
    this.#outage = null;
    this.#strikes = 0;
    this.#toldAt = null;
    return told;
  }

  /** Somebody did not get through. Returns true where this begins an outage, or another rest of one. */
  failed(reason: string, now: number, chance: number): boolean {
    // Those that were on their way when the rest began tell nothing new.
    if (this.rests(now)) return false;
    this.#strikes++;
    if (this.#outage === null && this.#strikes < STRIKES) return false;
    const rests = (this.#outage?.rests ?? 0) + 1;
    const rest = Math.min(this.rest.max, this.rest.base * 2 ** (rests - 1));
    this.#outage = { rests, until: now + Math.round(rest * (1 + chance / 4)), reason, peace: false };
    return true;
  }

  /** True where nothing would be forgotten with it. */
  isUnremarkable(now: number): boolean {
    return Math.max(this.until, this.#toldAt ?? -Infinity) + MEMORY < now;
  }
}
