/**
 * Why a text cannot be parsed: it names what was expected. A parser returns it and does not throw, because a text that
 * does not parse is an ordinary outcome.
 *
 * Reasons about what a client sent are printable ASCII without octets of the input in them, so that a reply may contain
 * them.
 */
export class Fault {
  constructor(readonly reason: string) {}
}

/** The result of a parser. */
export type Parsed<T> = T | Fault;
