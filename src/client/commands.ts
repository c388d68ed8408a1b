// No address may bring a second command along.
const FORBIDDEN = /[\0-\x20<>\x7f]/u;

/** `MAIL FROM:<...>` with its CRLF. @throws TypeError where the address cannot stand there. */
export function mailCommand(reversePath: string): string {
  return `MAIL FROM:<${checked(reversePath)}>\r\n`;
}

/** `RCPT TO:<...>` with its CRLF. @throws TypeError likewise. */
export function rcptCommand(forwardPath: string): string {
  return `RCPT TO:<${checked(forwardPath)}>\r\n`;
}

/** `BDAT n LAST` with its CRLF (RFC 3030 2): a message in one chunk. */
export function bdatCommand(octets: number): string {
  return `BDAT ${octets} LAST\r\n`;
}

function checked(path: string): string {
  if (FORBIDDEN.test(path)) throw new TypeError(`${JSON.stringify(path)} cannot be a path of SMTP`);
  return path;
}
