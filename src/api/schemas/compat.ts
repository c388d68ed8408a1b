import { z } from 'zod';
import { API } from '../limits.js';

const addresses = z.union([z.string(), z.array(z.string())]);
const text = z.string().nullish();

/** The body of Resend's `POST /emails`. */
export const resendEmail = z.strictObject({
  from: z.string(),
  to: addresses,
  cc: addresses.nullish(),
  bcc: addresses.nullish(),
  reply_to: addresses.nullish(),
  subject: z.string(),
  html: text,
  text,
  headers: z.record(z.string(), z.string()).nullish(),
  attachments: z
    .array(
      z.strictObject({
        filename: z.string().min(1).max(255),
        content: z.string(),
        content_type: text,
        content_id: text,
      }),
    )
    .nullish(),
  tags: z.array(z.strictObject({ name: z.string(), value: z.string() })).nullish(),
});

/** The body of Resend's `POST /emails/batch`. */
export const resendBatch = z.array(resendEmail).min(1).max(API.batch.initial);

/** The body of Postmark's `POST /email`. */
export const postmarkEmail = z.strictObject({
  From: z.string(),
  To: z.string(),
  Cc: text,
  Bcc: text,
  Subject: text,
  Tag: text,
  HtmlBody: text,
  TextBody: text,
  ReplyTo: text,
  Headers: z.array(z.strictObject({ Name: z.string(), Value: z.string() })).nullish(),
  Attachments: z
    .array(
      z.strictObject({
        Name: z.string().min(1).max(255),
        Content: z.string(),
        ContentType: text,
        ContentID: text,
      }),
    )
    .nullish(),
  /** Opens and links are not tracked: the only values taken are those that ask for nothing. */
  TrackOpens: z.literal(false).nullish(),
  TrackLinks: z.literal('None').nullish(),
  MessageStream: z.literal('outbound').nullish(),
});

/** The body of Postmark's `POST /email/batch`. */
export const postmarkBatch = z.array(postmarkEmail).min(1).max(API.batch.initial);
