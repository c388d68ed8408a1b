/**
 * A change of the octets from one offset to another. Edits are in order and do not overlap. Only `replace` may be
 * of no octets: it inserts.
 */
export type Edit = { readonly from: number; readonly to: number } & (
  | { readonly change: 'quoted-printable' | 'quoted-printable again' | 'base64 again' | 'fold' }
  | { readonly change: 'replace'; readonly octets: Uint8Array }
);
