import { z } from 'zod';
import { count, status, time } from './fields.js';

const text = z.string().min(1).max(256);
/** The longest time that can be given, in milliseconds: ten years, as in the configuration. */
const LONGEST = 3650 * 86_400_000;
/** The shortest time that content or messages are kept, in milliseconds. */
const SHORTEST = 60_000;
/** The longest grace of a token, in milliseconds: a year, as in the configuration. */
const LONGEST_GRACE = 365 * 86_400_000;

export const domainParameters = z.strictObject({ name: z.string().min(1).max(300) });

export const domainsQuery = z.strictObject({
  contains: text.optional().describe('Part of the name'),
  after: text.optional().describe('`next` of the page before'),
  limit: count(1, 200).default(100),
});

/** Null: as the server's configuration says. */
export const domainRetention = z.strictObject({
  contentAge: z
    .int()
    .min(SHORTEST)
    .max(LONGEST)
    .nullable()
    .describe(
      'Milliseconds: older content of finished messages is removed; null: as the server is configured',
    ),
  messageAge: z
    .int()
    .min(SHORTEST)
    .max(LONGEST)
    .nullable()
    .describe('Milliseconds: older finished messages are removed; null: as the server is configured'),
  contentOctets: z
    .int()
    .min(0)
    .nullable()
    .describe('The oldest finished content is removed while there is more; null: there may be any'),
});

export type DomainRetentionBody = z.output<typeof domainRetention>;

const domainToken = z.object({
  createdAt: time.nullable(),
  lastUsedAt: time.nullable().describe('Exact to a minute'),
  expiresAt: time.nullable().describe('Null for the current token; earlier ones end by themselves'),
});

export const domainEntry = z.object({
  name: z.string(),
  createdAt: time,
  messages: z.record(status, z.int()).describe('Stored messages by status'),
  contentOctets: z.int().describe('Octets of stored content'),
  tokens: z.array(domainToken).describe('The current token first. The tokens themselves are not kept'),
  retention: domainRetention,
});

export type DomainEntry = z.output<typeof domainEntry>;

export const domainPage = z.object({
  domains: z.array(domainEntry),
  next: z.string().nullable().describe('What to give as `after` for the next page; null at the end'),
});

export type DomainPage = z.output<typeof domainPage>;

export const newDomain = z.strictObject({ name: text });

export const addedDomain = z.object({
  domain: domainEntry,
  token: z.string().describe('The API token. It is shown this once'),
});

export type AddedDomain = z.output<typeof addedDomain>;

export const removalQuery = z.strictObject({
  waiting: z
    .enum(['keep', 'cancel'])
    .describe('What happens to messages that wait: they are still delivered, or given up'),
});

export const removedDomain = z.object({ cancelled: z.int().describe('Messages that were given up') });

export const tokenRotation = z.strictObject({
  grace: z
    .int()
    .min(0)
    .max(LONGEST_GRACE)
    .optional()
    .describe('Milliseconds that the old token goes on working; default: `submission.token_grace`'),
});

export const rotatedToken = z.object({
  token: z.string().describe('The new API token. It is shown this once'),
  oldUntil: time.describe('Until when the old token works'),
});

export type RotatedToken = z.output<typeof rotatedToken>;
