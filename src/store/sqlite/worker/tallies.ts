/** Sums that are not in the tables of counters yet, found by their key or by table and name. */
import type { TABLES } from '../../counting.js';

/** Which table a tally adds to. */
export type TableNumber = (typeof TABLES)[keyof typeof TABLES];

/** The sums that are to be added under one key. */
export interface Tally {
  readonly table: TableNumber;
  readonly domainId: number;
  /** The hour of a counter, the day of a destination, 0 for a gauge. */
  readonly at: number;
  /** The tag, the gauge's name, or the destination. */
  readonly name: string;
  /** Measures, each followed by its count. */
  readonly counts: number[];
}

interface Place {
  readonly index: number;
  readonly tally: Tally;
}

/**
 * Tallies in the order in which they were added. There may be twenty thousand of them: to look at each took 40 ms for every
 * question about statistics, so those of a name are found by it.
 */
export class Tallies {
  readonly #all: Tally[] = [];
  readonly #byKey = new Map<string, Tally>();
  /** By table, then by name. */
  readonly #byName = new Map<TableNumber, Map<string, Place[]>>();

  get size(): number {
    return this.#all.length;
  }

  get(key: string): Tally | undefined {
    return this.#byKey.get(key);
  }

  /** Adds a tally whose key is new. */
  add(key: string, tally: Tally): void {
    const place = { index: this.#all.length, tally };
    this.#all.push(tally);
    this.#byKey.set(key, tally);
    let names = this.#byName.get(tally.table);
    if (names === undefined) {
      names = new Map<string, Place[]>();
      this.#byName.set(tally.table, names);
    }
    const places = names.get(tally.name);
    if (places === undefined) names.set(tally.name, [place]);
    else places.push(place);
  }

  slice(from: number, to: number): readonly Tally[] {
    return this.#all.slice(from, to);
  }

  /**
   * Yields tallies of a table, from an index on. Those of all tables are in their order.
   *
   * @param table default: all
   * @param name default: all
   */
  *from(start: number, table?: TableNumber, name?: string): Generator<Tally> {
    if (table === undefined) {
      yield* this.#all.slice(start);
      return;
    }
    const names = this.#byName.get(table);
    const groups = name === undefined ? (names?.values() ?? []) : [names?.get(name) ?? []];
    for (const places of groups) {
      for (const { index, tally } of places) if (index >= start) yield tally;
    }
  }
}
