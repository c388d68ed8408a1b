import { z } from 'zod';

/** Characters of a password or a token; a longer one is not checked. */
const SECRET_LENGTH = 1024;

/** Either the administrator's password or the API token of a domain. */
export const signInRequest = z
  .strictObject({
    password: z.string().min(1).max(SECRET_LENGTH).optional(),
    token: z.string().min(1).max(SECRET_LENGTH).optional(),
  })
  .refine(
    ({ password, token }) => (password === undefined) !== (token === undefined),
    'needs either password or token',
  );

export type SignInRequest = z.output<typeof signInRequest>;

/** Another password of the administrator. */
export const passwordChange = z.strictObject({
  current: z.string().min(1).max(SECRET_LENGTH),
  password: z.string().max(SECRET_LENGTH),
});

export const whoAmI = z.object({
  kind: z.enum(['administrator', 'domain']),
  /** Name of the domain; null for the administrator. */
  domain: z.string().nullable(),
  /** How the request is known. */
  by: z.enum(['session', 'token']),
});

export type WhoAmI = z.output<typeof whoAmI>;

const sessionEntry = z.object({
  /** Names the session, and does not open it. */
  id: z.string(),
  kind: z.enum(['administrator', 'domain']),
  domain: z.string().nullable(),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  clientAddress: z.string(),
  userAgent: z.string(),
  /** It is the session of this request. */
  current: z.boolean(),
});

export const sessionList = z.object({ sessions: z.array(sessionEntry) });

export type SessionEntry = z.output<typeof sessionEntry>;
