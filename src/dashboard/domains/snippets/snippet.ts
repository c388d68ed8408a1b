import type { SmtpSettings } from '../../server/smtp-settings.js';

/** The values that a snippet is filled in with. */
export interface Values {
  readonly settings: SmtpSettings;
  readonly domain: string;
  readonly token: string;
}

export interface Snippet {
  /** Where the code goes. */
  readonly file: string;
  readonly code: string;
}

/** Joins lines; null leaves a line out. */
export function lines(...list: readonly (string | null)[]): string {
  return list.filter((line) => line !== null).join('\n');
}
