import { z } from 'zod';
import { EVENTS } from '../../store/webhooks.js';
import { domainParameters } from './domains.js';
import { count, messageId, messageNumber, time } from './fields.js';
import { webhookCall } from './message.js';

const eventName = z.enum(EVENTS);

export const webhook = z.object({
  url: z.string(),
  events: z.array(eventName),
  publicKey: z.string().describe('Ed25519, base64: what X-MailPace-Signature is checked with'),
  createdAt: time,
  off: z
    .object({ since: time, reason: z.string() })
    .nullable()
    .describe('When and why it was switched off; null while it is on'),
});

export type WebhookBody = z.output<typeof webhook>;

export const newWebhook = z.strictObject({
  url: z.string().min(1).max(2048),
  events: z.array(eventName).min(1).max(EVENTS.length).optional().describe('Default: all'),
});

export const webhookChange = z.strictObject({ on: z.boolean() });

export const webhookCallsQuery = z.strictObject({
  outcome: z.enum(['delivered', 'failed', 'gave-up']).optional(),
  message: messageId.optional(),
  before: count(1, Number.MAX_SAFE_INTEGER).optional().describe('`next` of the page before'),
  limit: count(1, 200).default(50),
});

export const webhookCallPage = z.object({
  calls: z.array(webhookCall).describe('Newest first'),
  next: z.string().nullable().describe('What to give as `before` for the next page; null at the end'),
});

export type WebhookCallPage = z.output<typeof webhookCallPage>;

export const webhookCallParameters = domainParameters.extend({
  call: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, 'is not the number of a call')
    .transform(Number),
});

export const testEvent = z.strictObject({
  name: eventName.default('email.delivered'),
  message: messageNumber.optional().describe('The message that it is about; default: the newest one'),
});

export const queuedEvent = z.object({
  event: z.int().describe('The number of the event, in `webhook-id` of the call'),
});

export type QueuedEvent = z.output<typeof queuedEvent>;
