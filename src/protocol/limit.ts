/** What a limit counts. */
export type Unit = 'octets' | 'octets/s' | 'ms' | '1/min' | 'bits' | 'count';

/** A limit: one row of the table of the folder that keeps it. `docs/limits.md` is made from these rows. */
export interface Limit {
  /** What it limits, for an operator, in a sentence or two. */
  readonly about: string;
  /** The default. */
  readonly initial: number;
  readonly unit: Unit;
  /** Where the default comes from: a section of an RFC, a well-known server, or the reason in a few words. */
  readonly source: string;
}

/** The defaults of a table. */
export function defaultsOf<Name extends string>(
  table: Readonly<Record<Name, Limit>>,
): Readonly<Record<Name, number>> {
  const rows = Object.entries<Limit>(table).map(([name, { initial }]) => [name, initial]);
  return Object.fromEntries(rows) as Record<Name, number>;
}
