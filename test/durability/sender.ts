import { randomBytes } from 'node:crypto';
import { sha256 } from '../e2e/gateway-process.js';
import { Talk } from '../server/talk.js';

/** A message that was offered to the server. */
export interface Offered {
  /** Stands in its subject, and nowhere else. */
  readonly key: string;
  readonly bodyHash: string;
  /** The number that the server gave it with its 250; null where no 250 came. */
  id: string | null;
}

/** Sizes of bodies: less than a chunk of the store, about one, several. */
const SIZES = [0, 40, 3_000, 60_000, 262_000, 263_000, 700_000];

/**
 * Sends one message after the other on one connection, until the connection or `stop` ends it.
 *
 * @param offered gets every message before its last octet leaves.
 */
export async function sendUntilTheEnd(
  port: number,
  token: string,
  offered: Offered[],
  stop: { readonly now: boolean },
): Promise<void> {
  try {
    const talk = await Talk.greeted(port);
    if (!(await talk.signIn(token)).startsWith('235')) throw new Error('not signed in');
    while (!stop.now) {
      const body = randomBody(SIZES[Math.floor(Math.random() * SIZES.length)] ?? 0);
      const message: Offered = { key: randomBytes(12).toString('hex'), bodyHash: sha256(body), id: null };
      offered.push(message);
      talk.write('MAIL FROM:<app@example.com>\r\nRCPT TO:<you@example.net>\r\nDATA\r\n');
      await talk.replies(3);
      talk.write(`From: app@example.com\r\nSubject: ${message.key}\r\n\r\n${body}.\r\n`);
      const [, id] = /^250 2\.0\.0 Ok: queued as (\d+)$/.exec(await talk.reply()) ?? [];
      if (id === undefined) throw new Error(`not accepted:\n${talk.transcript()}`);
      message.id = id;
    }
    talk.socket.destroy();
  } catch (error) {
    // A connection that is cut is what these tests are about; a refusal is not.
    if (error instanceof Error && /not (accepted|signed in)/.test(error.message)) throw error;
  }
}

/** Random lines, no two bodies alike. */
function randomBody(size: number): string {
  return randomBytes(Math.ceil(size / 2))
    .toString('hex')
    .replace(/.{1,76}/g, '$&\r\n');
}
