// mailauth declares no types for this part of it.
declare module 'mailauth/lib/tools.js' {
  /** Lays out a DKIM-Signature field of these tags, folded, without the CRLF at its end. */
  export function formatSignatureHeaderLine(
    type: 'DKIM',
    tags: Readonly<Record<string, string | number>>,
    folded: boolean,
  ): string;
}
