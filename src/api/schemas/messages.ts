import { z } from 'zod';
import { API } from '../limits.js';
import { count, messageId, several, status, time } from './fields.js';

const text = z.string().min(1).max(256);

/** The filter of messages, in a query and in the body of a bulk change. */
export const messageFilter = {
  domain: several(text).optional().describe('Sending domains: one of them'),
  tag: several(text).optional().describe('Tags: all of them'),
  status: several(status).optional().describe('One of them'),
  from: text.optional().describe('In From or the envelope sender'),
  to: text.optional().describe('In an envelope recipient'),
  subject: text.optional(),
  notifications: z
    .enum(['none', 'only'])
    .optional()
    .describe('Notifications have the null reverse-path: none of them, or only them. Default: both'),
  since: text.optional().describe('Taken in at or after: 2026-11-29, 2026-11-29T08:00:00Z, or 7d ago'),
  until: text.optional().describe('Taken in before'),
  search: z
    .string()
    .max(API.search.initial)
    .optional()
    .describe('Words, "phrases", from: to: subject: tag: is: before: after:, and - for the opposite'),
};

export const messagesQuery = z.strictObject({
  ...messageFilter,
  after: messageId
    .optional()
    .describe('Only messages that were stored after this one: `latest` of an answer before'),
  limit: count(1, 200).default(50),
  cursor: z.string().max(100).optional().describe('`next` of the page before'),
  wait: z
    .string()
    .max(10)
    .optional()
    .describe('Wait so long until a message matches, such as 5s; at most 60s'),
});

export const messageEntry = z.object({
  id: z.int(),
  domain: z.string(),
  status,
  from: z.string(),
  /** The first of the envelope recipients. */
  to: z.array(z.string()),
  /** How many recipients there are. */
  recipients: z.int(),
  subject: z.string().nullable(),
  tags: z.array(z.string()),
  listUnsubscribe: z.string().nullable(),
  size: z.int().describe('Octets'),
  receivedAt: time,
  tls: z.string().nullable(),
});

export type MessageEntry = z.output<typeof messageEntry>;

export const messagePage = z.object({
  messages: z.array(messageEntry),
  next: z.string().nullable().describe('The cursor of the next page; null at the end'),
  latest: z
    .int()
    .nullable()
    .describe('The message of the scope that was stored last, for `after`; null if there is none yet'),
});

export type MessagePage = z.output<typeof messagePage>;

export const messageParameters = z.strictObject({ id: messageId });
