import { z } from 'zod';

/** Absent, null and empty mean the same. */
const text = z.string().nullish();

const required = z.string({
  error: ({ input }) => (input === undefined || input === null ? 'undefined field' : 'is invalid'),
});

const attachment = z.strictObject({
  name: z.string().min(1).max(255),
  content: z.string(),
  content_type: text,
  cid: text,
});

/** The body of `POST /api/v1/send`. */
export const sendRequest = z.strictObject({
  from: required,
  to: required,
  cc: text,
  bcc: text,
  subject: text,
  htmlbody: text,
  textbody: text,
  replyto: text,
  inreplyto: text,
  references: text,
  list_unsubscribe: text,
  tags: z.union([z.string(), z.array(z.string())]).nullish(),
  attachments: z.array(attachment).nullish(),
  Headers: z
    .array(z.strictObject({ Name: z.string(), Value: z.string() }))
    .nullish()
    .describe('Further header fields. Those that Postern writes itself are passed over'),
});

export const sendResponse = z.object({ id: z.int(), status: z.literal('pending') });

export type SendResponse = z.output<typeof sendResponse>;
