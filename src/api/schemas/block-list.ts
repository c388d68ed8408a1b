import { z } from 'zod';
import { domainParameters } from './domains.js';
import { count, time } from './fields.js';

const text = z.string().min(1).max(256);

/** `allowed` overrides every block, and a bounce never blocks such an address. */
const verdict = z.enum(['blocked', 'allowed']);

export const blockListQuery = z.strictObject({
  verdict: verdict.optional(),
  contains: text.optional().describe('Part of the address'),
  after: text.optional().describe('`next` of the page before'),
  limit: count(1, 200).default(100),
});

const blockEntry = z.object({
  address: z.string(),
  verdict,
  reason: z.string().describe('The reply of the remote server, or the words of a person'),
  since: time,
  expiresAt: time.nullable().describe('Null if it never ends'),
});

export type BlockEntryBody = z.output<typeof blockEntry>;

export const blockListPage = z.object({
  entries: z.array(blockEntry).describe('By address'),
  next: z.string().nullable().describe('What to give as `after` for the next page; null at the end'),
});

export type BlockListPage = z.output<typeof blockListPage>;

/** Entries that one request changes at most. */
const MOST = 1000;

export const newBlockEntry = z.strictObject({
  address: text,
  verdict,
  reason: text.max(300).optional(),
  expiresAt: time.nullish().describe('Null or absent: it never ends'),
});

export const newBlockEntries = z.strictObject({ entries: z.array(newBlockEntry).min(1).max(MOST) });

export const changedEntries = z.object({ changed: z.int() });

export const removedAddresses = z.strictObject({ addresses: z.array(text).min(1).max(MOST) });

export const blockEntryParameters = domainParameters.extend({ address: z.string().min(1).max(300) });
