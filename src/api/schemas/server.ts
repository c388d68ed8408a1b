import { z } from 'zod';

/** What apps and people need to know about the server to use it. */
export const serverFacts = z.object({
  version: z.string(),
  hostname: z.string(),
  listeners: z.array(
    z.object({
      protocol: z.enum(['smtp', 'lmtp']),
      address: z.string().describe('0.0.0.0 and :: mean all addresses'),
      port: z.int(),
      tls: z
        .enum(['optional', 'required', 'implicit', 'off'])
        .describe('optional and required: STARTTLS and implicit TLS on one port'),
    }),
  ),
  certificate: z.enum(['configured', 'self-signed']),
  delivers: z.boolean().describe('Whether any route delivers messages; without one, they are held'),
  maxMessageSize: z.int().describe('Octets'),
  maxRecipients: z.int(),
});

export type ServerFacts = z.output<typeof serverFacts>;
