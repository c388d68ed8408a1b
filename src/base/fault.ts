/** Why a text cannot be parsed: it names what was expected. A parser returns it, and does not throw. */
export class Fault {
  constructor(readonly reason: string) {}
}

/** The result of a parser. */
export type Parsed<T> = T | Fault;
