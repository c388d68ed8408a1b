import { z } from 'zod';
import { messageId, status, time } from './fields.js';
import { messageEntry } from './messages.js';

export const attempt = z.object({
  at: time,
  outcome: z.enum(['delivered', 'deferred', 'bounced', 'cancelled']),
  remoteHost: z.string().nullable(),
  reply: z.string().describe('The words of the remote server, or what went wrong'),
  tls: z.string().nullable(),
});

export const recipient = z.object({
  address: z.string(),
  status,
  attempts: z.array(attempt),
  nextAttemptAt: time.nullable(),
  notify: z.array(z.enum(['SUCCESS', 'FAILURE', 'DELAY'])).nullable(),
  originalRecipient: z.string().nullable(),
});

export const webhookCall = z.object({
  call: z.int(),
  event: z.int(),
  name: z.string(),
  message: z.int(),
  at: time,
  duration: z.number().describe('Milliseconds'),
  status: z.int().nullable().describe('The HTTP status'),
  outcome: z.enum(['delivered', 'failed', 'gave-up']),
  problem: z.string().nullable(),
});

export type WebhookCallEntry = z.output<typeof webhookCall>;

const messageContent = z.object({
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
  text: z.string().nullable(),
  html: z.string().nullable().describe('As it was sent: show it only where nothing in it can run or load'),
  truncated: z.boolean().describe('The text or the HTML is longer than it is shown'),
  parts: z.array(
    z.object({
      number: z.int(),
      type: z.string(),
      encoding: z.enum(['identity', 'base64', 'quoted-printable']),
      disposition: z.string().nullable(),
      fileName: z.string().nullable(),
      contentId: z.string().nullable(),
      size: z.int().nullable().describe('Octets without transfer encoding; null for a multipart'),
    }),
  ),
  attachments: z.array(
    z.object({
      part: z.int(),
      name: z.string(),
      contentType: z.string(),
      contentId: z.string().nullable(),
      inline: z.boolean(),
      size: z.int(),
    }),
  ),
});

/** All that is kept of a message without its content. */
const messageFacts = messageEntry.omit({ to: true, recipients: true }).extend({
  sender: z.string().describe('The envelope sender; empty for the null reverse-path'),
  recipients: z.array(recipient),
  messageId: z.string().nullable(),
  clientAddress: z.string(),
  origin: z.object({
    way: z.enum(['smtp', 'api', 'report']),
    listener: z.string().nullable(),
    hello: z.string().nullable(),
  }),
  terms: z.object({
    ret: z.enum(['FULL', 'HDRS']).nullable(),
    envelopeId: z.string().nullable(),
    releaseAt: time.nullable(),
    deliverBy: time.nullable(),
    priority: z.int(),
    requireTls: z.boolean(),
    body: z.enum(['7BIT', '8BITMIME', 'BINARYMIME']).nullable(),
    smtputf8: z.boolean(),
  }),
  contentRemoved: z.boolean(),
  webhookCalls: z.array(webhookCall),
});

export type MessageFacts = z.output<typeof messageFacts>;

export const messageRecord = messageFacts.extend({
  content: messageContent.nullable().describe('Null if it was removed, or cannot be taken apart'),
  unreadable: z.string().nullable().describe('Why the content cannot be taken apart'),
});

export type MessageRecordBody = z.output<typeof messageRecord>;

export const partParameters = z.strictObject({
  id: messageId,
  part: z
    .string()
    .regex(/^\d{1,4}$/, 'is not the number of a part')
    .transform(Number),
});

export const htmlQuery = z.strictObject({
  images: z.enum(['remote']).optional().describe('`remote`: images of other servers may be loaded, too'),
});

export const linkList = z.object({
  links: z.array(z.object({ url: z.string(), text: z.string().nullable() })),
  codes: z.array(z.string()).describe('What looks like a one-time code'),
});

export type LinkList = z.output<typeof linkList>;
