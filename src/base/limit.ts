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

/**
 * The values of a table that are in force: those given, else the defaults. What is given as undefined is not given:
 * taken for a number, it would be a limit that nothing reaches.
 *
 * @param of what the table is called, for the error.
 * @throws RangeError naming a value that is no number, or is below 0.
 */
export function settled<Values extends { readonly [Name in keyof Values]: number }>(
  of: string,
  defaults: Values,
  values: Partial<Values> = {},
): Values {
  const given = onlyGiven(values);
  for (const [name, value] of Object.entries<unknown>(given)) {
    if (typeof value === 'number' && value >= 0) continue;
    throw new RangeError(`${of}.${name}: expected a number, 0 or more, got ${String(value)}`);
  }
  return { ...defaults, ...given };
}

/** Without what is undefined. */
export function onlyGiven<Values extends object>(values: Partial<Values> = {}): Partial<Values> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<Values>;
}
