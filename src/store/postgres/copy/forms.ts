/** Columns of this adapter that differ from those of a copy. */
import { RECORD } from '../../copy/record.js';
import type { FormsBySection } from '../../copy/statements.js';

const flag = (name: string) => ({ read: `${name}::int`, write: (value: string) => `${value} <> 0` });

export const FORMS: FormsBySection = {
  dkim_key: { columns: { active: flag('active') } },
  // The form that JSON.stringify gives; names of events have no commas or quotes.
  webhook: {
    columns: {
      events: { read: `replace(events::text, '", "', '","')`, write: (value) => `(${value})::jsonb` },
    },
  },
  // A request that has no response ended with its node.
  idempotency_key: { where: 'response IS NOT NULL' },
  setting: { columns: { name: { compare: 'name COLLATE "C"' } }, where: `name <> '${RECORD}'` },
  message: { columns: { content_removed: flag('content_removed') } },
  recipient: { columns: { delay_reported: flag('delay_reported') } },
  queue: {
    columns: {
      priority: { column: 'rank', read: '-rank', write: (value) => `-${value}` },
      crashed_alone: flag('crashed_alone'),
    },
  },
  webhook_event: { columns: { crashed_alone: flag('crashed_alone') } },
  // Others belong to uploads that were given up, or are removed with their day.
  chunk: { where: 'EXISTS (SELECT 1 FROM message WHERE id = message_id AND NOT content_removed)' },
};

/** Columns that a copy lacks and that have no default. */
export const CONSTANTS: Readonly<Record<string, readonly [string, string]>> = {
  idempotency_key: ['node', '0'],
};
