// mailauth has no type declarations for this module.
declare module 'mailauth/lib/tools.js' {
  export function formatSignatureHeaderLine(
    type: 'DKIM',
    values: Readonly<Record<string, string | number>>,
    folded: boolean,
  ): string;
}
