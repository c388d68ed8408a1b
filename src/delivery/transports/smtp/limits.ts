/** The limits of delivery by SMTP, as rows of the kind that `src/base/limit.ts` describes. */
export const SMTP_CLIENT = {
  connect: {
    about: 'For a far side to take the connection.',
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
    about: 'For the reply to a command, and for a piece of content to be taken.',
    initial: 5 * 60_000,
    unit: 'ms',
    source: 'RFC 5321 4.5.3.2.2 to 4.5.3.2.5',
  },
  end: {
    about: 'For the reply to the content, once it has been sent whole.',
    initial: 10 * 60_000,
    unit: 'ms',
    source: 'RFC 5321 4.5.3.2.6',
  },
  message: {
    about: 'A message altogether, for a far side that answers an octet now and then.',
    initial: 60 * 60_000,
    unit: 'ms',
    source: '50 MiB at 15 KiB a second',
  },
  idle: {
    about: 'A connection that has nothing to do is kept so long.',
    initial: 30_000,
    unit: 'ms',
    source: 'far sides wait five minutes (RFC 5321 4.5.3.2.7), and want their connections back',
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

/** Milliseconds, and counts. */
export type SmtpClientLimits = { readonly [Name in keyof typeof SMTP_CLIENT]: number };

export const DEFAULT_SMTP_CLIENT: SmtpClientLimits = {
  connect: SMTP_CLIENT.connect.initial,
  greeting: SMTP_CLIENT.greeting.initial,
  command: SMTP_CLIENT.command.initial,
  end: SMTP_CLIENT.end.initial,
  message: SMTP_CLIENT.message.initial,
  idle: SMTP_CLIENT.idle.initial,
  messages: SMTP_CLIENT.messages.initial,
  connections: SMTP_CLIENT.connections.initial,
};
