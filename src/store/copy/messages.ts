/** What a target notes of copied messages beside their rows, since no section has it: tags by name, and the index of words. */
import type { Row } from './port.js';
import type { Section } from './sections.js';

/** Messages of one row of the journal for the index of words: a step of the index takes about as many. */
const JOURNAL_MESSAGES = 128;

interface CopiedMessage {
  readonly id: number;
  readonly domainId: number;
  readonly tags: readonly string[];
}

/** @param section that of messages */
export function messagesIn(section: Section, rows: readonly Row[]): CopiedMessage[] {
  const [id, domainId, tags] = ['id', 'domain_id', 'tags'].map((wanted) =>
    section.columns.findIndex(({ name }) => name === wanted),
  ) as [number, number, number];
  return rows.map((row) => {
    const text = row[tags];
    return {
      id: Number(row[id]),
      domainId: Number(row[domainId]),
      tags: typeof text === 'string' ? (JSON.parse(text) as string[]) : [],
    };
  });
}

/** Returns the ids of each row of the journal. */
export function journalRows(messages: readonly CopiedMessage[]): number[][] {
  const rows: number[][] = [];
  for (let from = 0; from < messages.length; from += JOURNAL_MESSAGES) {
    rows.push(messages.slice(from, from + JOURNAL_MESSAGES).map(({ id }) => id));
  }
  return rows;
}
