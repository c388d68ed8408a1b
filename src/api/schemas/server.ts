import { z } from 'zod';
import { time } from './fields.js';

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
  direct: z
    .boolean()
    .describe('Whether any route delivers to the servers of the recipients themselves (mx:)'),
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

const node = z.object({
  id: z.int().describe('Names the node among those that run at the same time'),
  name: z.string(),
  version: z.string(),
  process: z.int().describe('Number of the process on its machine'),
  startedAt: time,
  seenAt: time.describe('The last heartbeat'),
  state: z
    .enum(['running', 'draining', 'silent'])
    .describe('silent: no heartbeat came for 15 seconds; others take over its work'),
  load: z.object({
    connections: z.int().describe('Open connections of SMTP'),
    delivering: z.int().describe('Messages that it delivers'),
    memory: z.int().describe('Octets of memory of the process'),
    cpu: z.number().describe('How much of one processor it used since the heartbeat before'),
  }),
});

/** The servers that share the store. */
export const nodeList = z.object({ nodes: z.array(node) });

export type NodeList = z.output<typeof nodeList>;

/** The part of them that the command knows which runs the server. */
export type Installation = Omit<ServerState, 'store'>;
