// mailauth has no type declarations for this module.
declare module 'mailauth/lib/tools.js' {
  /** Formats a DKIM-Signature field with these tags, folded, without the CRLF at its end. */
  export function formatSignatureHeaderLine(
    type: 'DKIM',
    tags: Readonly<Record<string, string | number>>,
    folded: boolean,
  ): string;
}
