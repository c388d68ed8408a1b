import { z } from 'zod';
import { messageNumber, status } from './fields.js';
import { messageFilter } from './messages.js';

const { domain: _domain, tag: _tag, status: _status, ...textFilter } = messageFilter;
const text = z.string().min(1).max(256);

/** The filter of a body: that of a query, with lists as JSON has them. */
const bodyFilter = z.strictObject({
  ...textFilter,
  domain: z.array(text).min(1).max(20).optional(),
  tag: z.array(text).min(1).max(20).optional(),
  status: z.array(status).min(1).max(6).optional(),
});

/** Which messages a bulk change is for: these, or all that match. An empty filter is all messages. */
export const selection = z
  .strictObject({
    ids: z.array(messageNumber).min(1).max(10_000).optional(),
    filter: bodyFilter.optional(),
    cursor: z.string().max(100).optional().describe('`next` of the answer before'),
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), 'needs either ids or filter');

export type ReadSelectionBody = z.output<typeof selection>;

/** The same, as a client writes it. */
export type SelectionBody = Pick<ReadSelectionBody, 'cursor'> &
  ({ ids: number[]; filter?: never } | { filter: z.output<typeof bodyFilter>; ids?: never });

export const operationResult = z.object({
  changed: z.int().describe('Messages that were changed'),
  unchanged: z.int().describe('Messages that there was nothing to do about'),
  next: z.string().nullable().describe('The cursor to go on with; null if all is done'),
});

export type OperationResult = z.output<typeof operationResult>;

export const resent = z.object({ id: z.int().describe('The id of the copy') });

export const resentSeveral = z.object({
  copies: z.array(
    z.object({ of: z.int().describe('The message'), id: z.int().describe('The id of its copy') }),
  ),
  refused: z.array(z.object({ id: z.int(), error: z.string(), code: z.string() })),
  next: z.string().nullable().describe('The cursor to go on with; null if all is done'),
});

export type Resent = z.output<typeof resent>;
