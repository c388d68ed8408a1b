/**
 * The table of the replies that a server may give to each command (RFC 5321 4.3.2, RFC 2033 4.2, RFC 3030 2, RFC 3207
 * 4, RFC 4954 4). The client checks every reply that it receives against the table. If a reply is not in it, client
 * and server are out of step, or the server tries to confuse the client: the client closes the connection.
 */

/** The thing that a reply answers. `content` is the content after 354, or a `BDAT ... LAST` with its octets. */
export type Awaited =
  | 'greeting'
  | 'EHLO'
  | 'HELO'
  | 'LHLO'
  | 'STARTTLS'
  | 'AUTH'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | 'content'
  | 'RSET'
  | 'QUIT';

interface Row {
  /** Codes of success. `2yz`: every code of that class that RFC 5321 does not give to another command. */
  readonly done: readonly number[] | '2yz';
  /** Codes after which the client goes on with the same command. */
  readonly more?: readonly number[];
}

/** RFC 5321 4.2.1: an unknown code counts by its first digit. These codes are known, and belong to other commands. */
const CODES_OF_OTHER_COMMANDS = [211, 214, 220, 221, 235];

/**
 * In addition, 4yz and 5yz may answer everything, and 421 says that the server closes the connection. Any other code
 * is an error.
 */
export const EXPECTED_REPLIES: Readonly<Record<Awaited, Row>> = {
  greeting: { done: [220] },
  EHLO: { done: [250] },
  HELO: { done: [250] },
  LHLO: { done: [250] },
  STARTTLS: { done: [220] },
  // RFC 4954 has 235. Some servers that are made for tests send 250.
  AUTH: { done: [235, 250], more: [334] },
  MAIL: { done: '2yz' },
  RCPT: { done: '2yz' },
  // Only 354 starts the content (RFC 5321 4.1.1.4): after any other code the server would read content as commands.
  DATA: { done: [], more: [354] },
  content: { done: '2yz' },
  RSET: { done: '2yz' },
  QUIT: { done: [221, 250] },
};

/** The meaning of a reply for the command that it answers. */
export type Meaning = 'done' | 'more' | 'refused';

/** Returns the meaning of a reply code as the answer to `awaited`, or null if that code must not come there. */
export function meaningOf(awaited: Awaited, code: number): Meaning | null {
  const { done, more } = EXPECTED_REPLIES[awaited];
  if (more?.includes(code) === true) return 'more';
  if (code >= 400) return code < 600 ? 'refused' : null;
  if (done !== '2yz') return done.includes(code) ? 'done' : null;
  return code >= 200 && code < 300 && !CODES_OF_OTHER_COMMANDS.includes(code) ? 'done' : null;
}
