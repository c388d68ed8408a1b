import { z } from 'zod';
import { count, messageId, status, time } from './fields.js';

export const queueQuery = z.strictObject({
  domain: z.string().min(1).max(256).optional().describe('One sending domain; default: all of the scope'),
  after: messageId.optional().describe('`next` of the page before'),
  limit: count(1, 100).default(50).describe('Messages of a page; all waiting recipients of each are listed'),
});

const waitingRecipient = z.object({
  id: z.int().describe('The message'),
  domain: z.string(),
  to: z.string(),
  status: z.enum(['queued', 'deferred']),
  receivedAt: time,
  attempts: z.int(),
  nextAttemptAt: time,
  underWay: z.boolean().describe('It is being delivered now'),
  remoteHost: z.string().nullable().describe('The server that the last attempt reached'),
  reply: z.string().nullable().describe('What the last attempt came to'),
});

export const queuePage = z.object({
  messages: z.record(status, z.int()).describe('Stored messages by status'),
  oldest: time.nullable().describe('When the oldest message that waits came in'),
  waiting: z.array(waitingRecipient).describe('Oldest message first'),
  next: z.string().nullable().describe('What to give as `after` for the next page; null at the end'),
});

export type QueuePage = z.output<typeof queuePage>;

export const progressQuery = queueQuery.pick({ domain: true });

export const progress = z.object({
  lastDelivery: time
    .nullable()
    .describe('When a recipient was delivered last, as far as the newest messages show; null if none was'),
  stall: z
    .object({
      cause: z
        .enum(['waiting', 'held', 'refused'])
        .describe('It waits though it is due; it is held, since there is no route; remote servers refuse it'),
      since: time.describe('When the message came in that shows it'),
      reply: z.string().nullable().describe('What the last attempt for that message came to'),
    })
    .nullable()
    .describe(
      'Mail that came in minutes ago and failed, with no delivery since, for a reason that is not that of single recipients; null if there is none',
    ),
});

export type ProgressBody = z.output<typeof progress>;
