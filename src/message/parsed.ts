/**
 * What a parser of field values hands back: the value, or the reason why there is none.
 *
 * A value that does not parse is an ordinary outcome here, since anybody may send anything; so it is a
 * result, not an exception. Reasons are printable ASCII without octets of the input in them, fit for a reply.
 */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function unparsed(reason: string): Parsed<never> {
  return { ok: false, reason };
}
