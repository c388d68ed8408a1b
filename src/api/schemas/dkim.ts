import { z } from 'zod';
import { domainParameters } from './domains.js';
import { time } from './fields.js';

/** A TXT record to publish. */
const textRecord = z.object({
  name: z.string(),
  type: z.literal('TXT'),
  value: z.string(),
  strings: z.array(z.string()).describe('The value in pieces of at most 255 octets'),
  zone: z.string().describe('A line of a zone file'),
});

const dkimKey = z.object({
  selector: z.string(),
  algorithm: z.enum(['rsa-sha256', 'ed25519-sha256']),
  createdAt: time,
  active: z.boolean().describe('Whether messages are signed with it'),
  record: textRecord,
});

export type DkimKeyEntry = z.output<typeof dkimKey>;

export const dkimKeys = z.object({ keys: z.array(dkimKey).describe('Oldest first') });

export type DkimKeysBody = z.output<typeof dkimKeys>;

export const newDkimKeys = z.strictObject({
  selector: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .describe('With `both`, it gets -rsa and -ed25519 at its end'),
  algorithm: z.enum(['rsa', 'ed25519', 'both']).default('both'),
  active: z
    .boolean()
    .default(false)
    .describe('True: messages are signed with them at once, whether the DNS has their records or not'),
});

export const dkimKeyParameters = domainParameters.extend({ selector: z.string().min(1).max(63) });

export const dkimKeyChange = z.strictObject({ active: z.boolean() });

export const finding = z.object({
  check: z.enum(['dkim', 'spf', 'dmarc', 'mta-sts']),
  name: z.string().describe('Where the record is, or should be'),
  ok: z.boolean(),
  says: z.string().describe('What the record is, or what is missing or wrong'),
  optional: z.boolean().describe('There is no such record, and the domain needs none'),
  record: textRecord
    .nullable()
    .describe('What to publish; null if only the operator can say it, or nothing is to be done'),
});

export type FindingEntry = z.output<typeof finding>;

export const findings = z.object({ ok: z.boolean().describe('All are'), findings: z.array(finding) });

export type FindingsBody = z.output<typeof findings>;
