/** Returns true if a text has no character beyond ASCII: it can be sent without SMTPUTF8. */
export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
