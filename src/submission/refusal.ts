import { Refusal } from '../server/index.js';

/** What a refusal of submission says to a client, whatever protocol it speaks. */
export interface RefusalText {
  /** The reply code of SMTP: below 500 it passes. */
  readonly code: number;
  readonly text: string;
}

/** Returns what an error refuses, or null if it is no refusal. */
export function refusalIn(error: unknown): RefusalText | null {
  return error instanceof Refusal ? error.reply : null;
}
