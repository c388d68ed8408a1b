import { FIXED } from '../limits.js';
import { Recent } from '../../base/bounded-map.js';

/** How the clients of one network have connected. */
interface Habit {
  /** Plain connections since the last one with TLS at once. */
  readonly plain: number;
  /** Clock time of the last of them, or of the last with TLS at once. */
  readonly at: number;
  /** Clock time of the last connection with TLS at once; -Infinity if there was none. */
  readonly tlsAt: number;
}

/**
 * Learns which client networks never begin with TLS, so that a port of both kinds need not make them wait.
 *
 * A client of implicit TLS speaks first, and a slow one (a cold JVM) needs some hundred milliseconds for its
 * ClientHello; an SMTP client waits for the greeting. So the greeting waits for the first connections of a network.
 * If several in a row were plain, and none had TLS at once lately, the next ones are greeted at once.
 */
export class TlsHabits {
  readonly #habits = new Recent<string, Habit>(FIXED.rememberedTlsHabits.initial);

  /** @param clock milliseconds. */
  constructor(private readonly clock: () => number) {}

  /** Returns whether a client of this network can be greeted without a wait. */
  expectsPlain(network: string): boolean {
    const habit = this.#current(network);
    return habit !== undefined && habit.plain >= FIXED.plainInARow.initial;
  }

  /** Notes a connection that spoke SMTP without TLS at once. */
  plain(network: string): void {
    const habit = this.#current(network);
    const at = this.clock();
    // While TLS at once was seen lately, plain connections from there prove nothing.
    if (habit !== undefined && at - habit.tlsAt < FIXED.tlsHabitMemory.initial) return;
    this.#habits.set(network, { plain: (habit?.plain ?? 0) + 1, at, tlsAt: -Infinity });
  }

  /** Notes a connection that began with TLS, also if that came too late. */
  tls(network: string): void {
    const at = this.clock();
    this.#habits.set(network, { plain: 0, at, tlsAt: at });
  }

  /** Returns the habit of a network, unless it is too old. */
  #current(network: string): Habit | undefined {
    const habit = this.#habits.get(network);
    if (habit === undefined || this.clock() - habit.at < FIXED.tlsHabitMemory.initial) return habit;
    this.#habits.forget(network);
    return undefined;
  }
}
