import { z } from 'zod';
import { status } from './fields.js';

/** One change, as the data of an event `messages` lists it. */
const messageChange = z.object({
  id: z.int(),
  domain: z.string().nullable().describe('Null if the domain has been removed'),
  kind: z.enum(['accepted', 'status', 'tags', 'removed']),
  status: status.nullable().describe('The status that the message has now; null if it is to be read'),
});

/** The data of an event `messages`. The data of the events `ready` and `missed` is `{}`. */
export const messageChanges = z.object({ changes: z.array(messageChange) });

export type MessageChange = z.output<typeof messageChange>;
