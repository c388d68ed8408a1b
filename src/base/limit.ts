/** The unit of a limit. */
type Unit = 'octets' | 'octets/s' | 'ms' | '1/min' | 'bits' | 'count';

/** A limit: one row of the table in its folder's `limits.ts`. `docs/limits.md` is made from these rows. */
export interface Limit {
  /** Describes for an operator, in a sentence or two, what is limited. */
  readonly about: string;
  /** The default. */
  readonly initial: number;
  readonly unit: Unit;
  /** Where the default comes from: a section of an RFC, a well-known server, or a reason in a few words. */
  readonly source: string;
}

/** Returns the defaults of a table. */
export function defaultsOf<Name extends string>(
  table: Readonly<Record<Name, Limit>>,
): Readonly<Record<Name, number>> {
  const rows = Object.entries<Limit>(table).map(([name, { initial }]) => [name, initial]);
  return Object.fromEntries(rows) as Record<Name, number>;
}

/**
 * Returns the values in force: each given value, or else the default. A value that is given as undefined counts as not
 * given; taken as a number, it would be a limit that nothing reaches.
 *
 * @param of name of the table, for the error
 * @throws RangeError that names the value, if it is not a number or is below 0
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

/** Returns the entries whose value is not undefined. */
export function onlyGiven<Values extends object>(values: Partial<Values> = {}): Partial<Values> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<Values>;
}
