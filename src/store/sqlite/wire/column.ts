/** A value that SQLite accepts for a column. */
export type Column = string | number | null;
