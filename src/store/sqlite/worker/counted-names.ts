/** Which tags and destinations are counted by themselves, so that names without end do not fill the tables. */
import { STORE } from '../../limits.js';
import { OTHER } from '../../statistics.js';
import type { Database } from './database.js';
import { DAY, floor } from '../../time.js';

/** Names that are kept in memory, of all domains and days together. */
const KEPT_NAMES = 50_000;

/**
 * The first names of a domain and day are counted by themselves, the others together. Once a name is counted in
 * one way, it stays so for that day: what is added under it can be taken off under it.
 */
export class CountedNames {
  readonly #kind: number;
  readonly #find;
  readonly #add;
  #names = new Map<number, Set<string>>();
  #kept = 0;

  /** @param kind 0 for tags, 1 for destinations */
  constructor(database: Database, kind: 0 | 1) {
    this.#kind = kind;
    this.#find = database.prepare(
      'SELECT name FROM counted_name WHERE kind = ? AND domain_id = ? AND day = ?',
    );
    this.#add = database.prepare(
      'INSERT OR IGNORE INTO counted_name (kind, domain_id, day, name) VALUES (?, ?, ?, ?)',
    );
  }

  /** Returns the name under which something is counted, within the open transaction. */
  counted(domainId: number, at: number, name: string): string {
    const names = this.#namesOf(domainId, floor(at, DAY));
    if (names.has(name)) return name;
    if (names.size >= STORE.countedNames.initial) return OTHER;
    this.#add.get(this.#kind, domainId, floor(at, DAY), name);
    names.add(name);
    this.#kept += 1;
    return name;
  }

  /** The transaction was taken back: what it has added is gone. */
  forget(): void {
    this.#names = new Map();
    this.#kept = 0;
  }

  #namesOf(domainId: number, day: number): Set<string> {
    const key = domainId * 1_000_000 + day / DAY;
    let names = this.#names.get(key);
    if (names === undefined) {
      if (this.#kept >= KEPT_NAMES) this.forget();
      const rows = this.#find.all(this.#kind, domainId, day) as { name: string }[];
      names = new Set(rows.map(({ name }) => name));
      this.#names.set(key, names);
      this.#kept += names.size;
    }
    return names;
  }
}
