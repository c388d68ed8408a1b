/** Whether a credential has a control character (C0, DEL, C1): RFC 4013 2.3 prohibits them. */
export function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
