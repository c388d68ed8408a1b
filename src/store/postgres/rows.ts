/** Rows as parameters of a statement: an array for each column, from which `unnest` makes rows again. */
import { int4Array, int8Array, textArray } from './arrays.js';

const ARRAYS = { int8: int8Array, int4: int4Array, text: textArray } as const;
type Type = keyof typeof ARRAYS;

export class Rows {
  readonly #types: readonly Type[];
  /** Number of the first parameter. */
  readonly first: number;

  /** @param first number of the first parameter */
  constructor(types: readonly Type[], first: number) {
    this.#types = types;
    this.first = first;
  }

  /** Number of the first parameter after those of the rows. */
  get next(): number {
    return this.first + this.#types.length;
  }

  get unnest(): string {
    return `unnest(${this.#types.map((type, at) => `$${this.first + at}::${type}[]`).join(', ')})`;
  }

  /**
   * Returns the rows as a table of a query.
   *
   * @param number name of a column with the number of the row, from 1. Default: there is none
   */
  as(table: string, columns: string, number?: string): string {
    if (number === undefined) return `${this.unnest} AS ${table} (${columns})`;
    return `${this.unnest} WITH ORDINALITY AS ${table} (${columns}, ${number})`;
  }

  values(rows: readonly (readonly (string | number | null)[])[]): Buffer[] {
    return this.#types.map((type, at) => {
      const column = rows.map((row) => row[at] ?? null);
      // The constructor was given the type of each column.
      return (ARRAYS[type] as (values: readonly (string | number | null)[]) => Buffer)(column);
    });
  }
}
