import { CLIENT, type ClientTimeouts, DEFAULT_CLIENT_TIMEOUTS } from '../../../client/limits.js';

/**
 * The limits of delivery by SMTP beside those of the client, as rows of the kind that `src/base/limit.ts` describes.
 */
export const SMTP_CLIENT = {
  idle: {
    about: 'How long an idle connection is kept.',
    initial: 30_000,
    unit: 'ms',
    source: 'servers wait five minutes (RFC 5321 4.5.3.2.7), and need their connections for others',
  },
  messages: {
    about: 'Messages over one connection before a new one is opened.',
    initial: 1000,
    unit: 'count',
    source: "Exim's smtp_accept_max_per_connection",
  },
  connections: {
    about: 'Connections to one destination at one time.',
    initial: 20,
    unit: 'count',
    source: "Postfix's default_destination_concurrency_limit",
  },
} as const;

/** The limits of one transport, in milliseconds or as counts. */
export type SmtpClientLimits = { readonly [Name in keyof typeof SMTP_CLIENT]: number } & ClientTimeouts & {
    /** Milliseconds for a message altogether. */
    readonly message: number;
  };

export const DEFAULT_SMTP_CLIENT: SmtpClientLimits = {
  ...DEFAULT_CLIENT_TIMEOUTS,
  message: CLIENT.message.initial,
  idle: SMTP_CLIENT.idle.initial,
  messages: SMTP_CLIENT.messages.initial,
  connections: SMTP_CLIENT.connections.initial,
};
