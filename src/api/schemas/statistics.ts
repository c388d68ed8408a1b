import { z } from 'zod';
import { count, time } from './fields.js';

const text = z.string().min(1).max(256);

export const tagsQuery = z.strictObject({
  domain: text.optional(),
  prefix: text.optional().describe('What the tag begins with'),
  after: text.optional().describe('`next` of the page before'),
  limit: count(1, 200).default(100),
});

export const tagList = z.object({
  tags: z.array(z.object({ tag: z.string(), messages: z.int(), lastUsed: time })),
  next: z.string().nullable().describe('What to give as `after` for the next page; null at the end'),
});

export type TagList = z.output<typeof tagList>;

export const statisticsQuery = z.strictObject({
  domain: text.optional().describe('One sending domain; default: all of the scope together'),
  tag: text.optional().describe('One tag; default: all messages'),
  by: z.enum(['hour', 'day']).default('day').describe('In UTC'),
  since: text.default('30d').describe('2026-11-29, 2026-11-29T08:00:00Z, or 30d ago'),
  until: text.optional().describe('Default: now'),
});

const counts = {
  accepted: z.int().describe('Messages taken in'),
  recipients: z.int().describe('Recipients of these messages'),
  delivered: z.int().describe('Recipients'),
  deferred: z.int().describe('Attempts'),
  bounced: z.int().describe('Recipients'),
  cancelled: z.int().describe('Recipients'),
  deliveryRate: z
    .number()
    .nullable()
    .describe('delivered / (delivered + bounced), 0 to 1; null if nothing ended'),
  bounceRate: z.number().nullable(),
  timeToDelivery: z
    .object({ p50: z.number().nullable(), p95: z.number().nullable() })
    .describe('Milliseconds, interpolated within buckets; null if nothing was delivered'),
};

export const statistics = z.object({
  by: z.enum(['hour', 'day']),
  since: time,
  until: time,
  total: z.object(counts),
  /** Oldest first; hours and days without any count are left out. */
  points: z.array(z.object({ at: time, ...counts })),
  /** Receiving domains, slowest first. */
  slowestDestinations: z.array(
    z.object({
      destination: z.string(),
      delivered: z.int(),
      deferred: z.int(),
      bounced: z.int(),
      timeToDelivery: z.object({ p50: z.number().nullable(), p95: z.number().nullable() }),
    }),
  ),
});

export type StatisticsBody = z.output<typeof statistics>;

export const tagStatisticsQuery = statisticsQuery.omit({ tag: true }).extend({
  after: text.optional().describe('`next` of the page before'),
  limit: count(1, 100).default(100),
});

export const tagStatistics = z.object({
  since: time,
  until: time,
  tags: z.array(z.object({ tag: z.string(), ...counts })),
  next: z.string().nullable().describe('What to give as `after` for the next page; null at the end'),
});

export type TagStatisticsBody = z.output<typeof tagStatistics>;
