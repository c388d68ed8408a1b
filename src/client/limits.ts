import { REPLY_LIMITS } from '../protocol/client/limits.js';

/** The limits of the SMTP client, as rows of the kind that `src/base/limit.ts` describes. */
export const CLIENT = {
  ...REPLY_LIMITS,
  connect: {
    about: 'Until a remote server accepts the connection.',
    initial: 30_000,
    unit: 'ms',
    source: "Postfix's smtp_connect_timeout",
  },
  greeting: {
    about: 'From the connection to the greeting, and for a TLS handshake.',
    initial: 5 * 60_000,
    unit: 'ms',
    source: 'RFC 5321 4.5.3.2.1',
  },
  command: {
    about: 'Until the reply to a command, and until a piece of content is taken.',
    initial: 5 * 60_000,
    unit: 'ms',
    source: 'RFC 5321 4.5.3.2.2 to 4.5.3.2.5',
  },
  end: {
    about: 'Until the reply to the content, after all of it has been sent.',
    initial: 10 * 60_000,
    unit: 'ms',
    source: 'RFC 5321 4.5.3.2.6',
  },
  message: {
    about: 'One message altogether, if a remote server sends an octet now and then.',
    initial: 60 * 60_000,
    unit: 'ms',
    source: '50 MiB at 15 KiB a second',
  },
} as const;

/** How long the client waits in each phase, in milliseconds. */
export interface ClientTimeouts {
  readonly connect: number;
  readonly greeting: number;
  readonly command: number;
  readonly end: number;
}

export const DEFAULT_CLIENT_TIMEOUTS: ClientTimeouts = {
  connect: CLIENT.connect.initial,
  greeting: CLIENT.greeting.initial,
  command: CLIENT.command.initial,
  end: CLIENT.end.initial,
};
