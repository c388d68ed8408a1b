/**
 * The table of what a server may answer to what (RFC 5321 4.3.2, RFC 2033 4.2, RFC 3030 2, RFC 3207 4, RFC 4954 4).
 * Every reply that the client receives is held against it. A reply that is not in the table means that client and
 * server have lost step, or that the server wants the client to take one thing for another: the connection is closed.
 */

/** What a reply answers. `content` is what follows 354, or a `BDAT ... LAST` with its octets. */
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
  /** Codes that say it is done. `2yz`: each of that class which RFC 5321 does not give to another command. */
  readonly done: readonly number[] | '2yz';
  /** Codes after which the client goes on with the same command. */
  readonly more?: readonly number[];
}

/** RFC 5321 4.2.1: an unknown code counts by its first digit. These are known, and belong to other commands. */
const OF_OTHERS = [211, 214, 220, 221, 235];

/** 4yz and 5yz may answer everything, and 421 says that the connection is closed. Nothing else may come. */
export const EXPECTED_REPLIES: Readonly<Record<Awaited, Row>> = {
  greeting: { done: [220] },
  EHLO: { done: [250] },
  HELO: { done: [250] },
  LHLO: { done: [250] },
  STARTTLS: { done: [220] },
  // RFC 4954 has 235. Some servers that are made for tests say 250.
  AUTH: { done: [235, 250], more: [334] },
  MAIL: { done: '2yz' },
  RCPT: { done: '2yz' },
  // Only 354 opens content (RFC 5321 4.1.1.4): after any other code the server hears it as commands.
  DATA: { done: [], more: [354] },
  content: { done: '2yz' },
  RSET: { done: '2yz' },
  QUIT: { done: [221, 250] },
};

/** What a reply says of the command that it answers. */
export type Meaning = 'done' | 'more' | 'refused';

const MEANINGS = Object.fromEntries(
  Object.entries(EXPECTED_REPLIES).map(([awaited, row]) => [awaited, meaningsOf(row)]),
) as unknown as Readonly<Record<Awaited, readonly (Meaning | null)[]>>;

/** Returns what a code says in answer to something, or null if it must not come there. */
export function meaningOf(awaited: Awaited, code: number): Meaning | null {
  return MEANINGS[awaited][code] ?? null;
}

function meaningsOf({ done, more = [] }: Row): readonly (Meaning | null)[] {
  return Array.from({ length: 600 }, (_, code) => {
    if (more.includes(code)) return 'more';
    if (done === '2yz' ? code >= 200 && code < 300 && !OF_OTHERS.includes(code) : done.includes(code)) {
      return 'done';
    }
    return code >= 400 ? 'refused' : null;
  });
}
