/**
 * The result of a parser of field values: the value, or the reason why there is no value.
 *
 * A value that does not parse is an ordinary outcome here, because anyone may send anything. So it is a result and not
 * an exception. Reasons are printable ASCII without octets of the input in them, so that a reply may contain them.
 */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function unparsed(reason: string): Parsed<never> {
  return { ok: false, reason };
}
