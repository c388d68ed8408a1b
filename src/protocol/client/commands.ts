// Characters that a path may not have, so that no address can add a second command.
const FORBIDDEN = /[\0-\x20<>\x7f]/u;

/**
 * Returns `MAIL FROM:<...>` with its CRLF.
 *
 * @throws TypeError if the address has a character that a path may not have
 */
export function mailCommand(reversePath: string): string {
  return `MAIL FROM:<${checked(reversePath)}>\r\n`;
}

/**
 * Returns `RCPT TO:<...>` with its CRLF.
 *
 * @throws TypeError if the address has a character that a path may not have
 */
export function rcptCommand(forwardPath: string): string {
  return `RCPT TO:<${checked(forwardPath)}>\r\n`;
}

/** Returns `BDAT n LAST` with its CRLF (RFC 3030 2): the command for a message in one chunk. */
export function bdatCommand(octets: number): string {
  return chunkCommand(octets, true);
}

/** Returns `BDAT n` or `BDAT n LAST` with its CRLF (RFC 3030 2). */
export function chunkCommand(octets: number, last: boolean): string {
  return `BDAT ${octets}${last ? ' LAST' : ''}\r\n`;
}

function checked(path: string): string {
  if (FORBIDDEN.test(path)) throw new TypeError(`${JSON.stringify(path)} is not a valid SMTP path`);
  return path;
}
