import { z } from 'zod';

/** The facts that apps and people need to use the server. */
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

const space = z.object({ free: z.int(), size: z.int() });

/** The facts that the administrator needs to run the server. */
export const serverState = z.object({
  data: z.string().describe('The data folder'),
  disk: space.nullable().describe('Octets of the device of the data folder; null if they cannot be read'),
  store: z.object({ messages: z.int(), contentOctets: z.int() }),
  configuration: z.string().describe('What is in force, as TOML; secrets are hidden'),
});

export type ServerState = z.output<typeof serverState>;

/** The part of them that the command knows which runs the server. */
export type Installation = Omit<ServerState, 'store'>;
