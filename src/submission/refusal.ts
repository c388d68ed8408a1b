import { Refusal } from '../server/index.js';

/** The text of a refusal of submission for a client, in any protocol. */
interface RefusalText {
  /** The reply code of SMTP. Below 500 the client may try again. */
  readonly code: number;
  readonly text: string;
}

/** Returns the text of an error that is a refusal; null for any other error. */
export function refusalIn(error: unknown): RefusalText | null {
  return error instanceof Refusal ? error.reply : null;
}
