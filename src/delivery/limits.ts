/** The limits of delivery, as rows of the kind that `src/base/limit.ts` describes. */
export const DELIVERY = {
  workers: {
    about: 'Messages under way at one time, in total.',
    initial: 64,
    unit: 'count',
    source: 'each is a connection; more than a smarthost takes at once gains nothing',
  },
  perDestination: {
    about: 'Messages under way to one destination: a smarthost, or the mail servers of one domain.',
    initial: 20,
    unit: 'count',
    source: "Postfix's default_destination_concurrency_limit",
  },
  perDomain: {
    about: 'Messages under way of one sending domain, so that others find workers free.',
    initial: 32,
    unit: 'count',
    source: 'half of the workers',
  },
  retryBase: {
    about: 'The first gap between two tries for a recipient; each further one is twice as long.',
    initial: 60_000,
    unit: 'ms',
    source: 'greylisting lets a second try in after a minute to five',
  },
  retryMax: {
    about: 'The longest gap between two tries; a random part of up to a quarter is added.',
    initial: 2 * 3_600_000,
    unit: 'ms',
    source: 'RFC 5321 4.5.4.1: 30 minutes at least between tries, 2 or 3 hours later on',
  },
  expireAfter: {
    about: 'How long a message is tried, from when it was received or released; then it is returned.',
    initial: 48 * 3_600_000,
    unit: 'ms',
    source: 'what senders of such mail expect; RFC 5321 4.5.4.1 has 4 to 5 days for mail between people',
  },
  delayAfter: {
    about:
      'Age of a waiting message at which a sender that asked for it (NOTIFY=DELAY) gets a report of the delay.',
    initial: 4 * 3_600_000,
    unit: 'ms',
    source: "Sendmail's Timeout.queuewarn",
  },
  stopGrace: {
    about: 'How long a stop waits for messages that are under way to remote servers.',
    initial: 30_000,
    unit: 'ms',
    source: 'as smtp.stop_grace; the two run at the same time',
  },
  window: {
    about: 'Messages leased at one time: under way, or next to be.',
    initial: 512,
    unit: 'count',
    source: 'a few for each worker, and a kilobyte of memory for each, in addition to its content',
  },
  contentAtHand: {
    about: 'Content up to this size is read together with its message, and kept in memory with the lease.',
    initial: 16 * 1024,
    unit: 'octets',
    source: 'most messages that programs send; a window of them is 8 MiB',
  },
  lease: {
    about: 'How long a lease keeps messages from any other server; it is renewed long before it ends.',
    initial: 15 * 60_000,
    unit: 'ms',
    source: 'longer than any pause of a process that works',
  },
  roomWait: {
    about: 'How long a leased message waits for a destination that is full, before it makes room for others.',
    initial: 5_000,
    unit: 'ms',
    source: 'a good remote server accepts a message in less than a second',
  },
  crashes: {
    about:
      'Attempts in a row in which the server crashed, after which a message is returned, or an event of a webhook dropped.',
    initial: 3,
    unit: 'count',
    source: 'one crash may be chance; the last one counts only if nothing else was under way',
  },
  suspectQuiet: {
    about:
      'How long a server lives before it tries a message again that was being delivered when it crashed. If it dies before that, the message is not the reason.',
    initial: 30_000,
    unit: 'ms',
    source: 'a server that dies for another reason, such as its configuration, does so in seconds',
  },
  suspectHoldUp: {
    about: 'How long such a message holds up the next one of that kind.',
    initial: 5_000,
    unit: 'ms',
    source: 'what ends a process does so within seconds; a slow remote server takes minutes',
  },
  suspectTrial: {
    about:
      'How long such a message is delivered alone, after a start that followed several crashes. If the server dies later, the message was not alone.',
    initial: 10_000,
    unit: 'ms',
    source: 'less than delivery.suspect_quiet: deaths at regular intervals do not bounce a message',
  },
  suspectsAlone: {
    about: 'How long such messages hold up all other mail.',
    initial: 60_000,
    unit: 'ms',
    source: 'six of them, if all are slow',
  },
  unreadable: {
    about:
      'Messages that are remembered because the store did not give out their content, so that each is logged once.',
    initial: 1024,
    unit: 'count',
    source: 'twice what is leased at one time',
  },
  longestSleep: {
    about: 'The longest time without a poll of the queue.',
    initial: 60_000,
    unit: 'ms',
    source: 'a clock that was put forward is noticed within this time',
  },
  longestOutage: {
    about: 'The longest time before a destination that failed is tried again.',
    initial: 10 * 60_000,
    unit: 'ms',
    source: 'mail does not wait much longer after the destination works again',
  },
  retryAfter: {
    about: 'The longest wait that a remote server can ask for.',
    initial: 24 * 3_600_000,
    unit: 'ms',
    source: 'a mistake of the remote server must not hold mail for a year',
  },
  returnedHeader: {
    about:
      "The part of a message's header section that a notification to its sender returns, in whole fields.",
    initial: 64 * 1024,
    unit: 'octets',
    source: 'more than any header section that people write',
  },
  returnedMessage: {
    about:
      'Largest message that a notification of failure returns whole if RET=FULL asks for it; else it returns the header section.',
    initial: 1024 * 1024,
    unit: 'octets',
    source: "Postfix's bounce_size_limit is 50 kB; RFC 3461 4.3 has it for mail between people",
  },
  contentThreads: {
    about: 'Worker threads that parse messages, for https transports and webhooks together.',
    initial: 2,
    unit: 'count',
    source: 'a message that takes long leaves one thread for the others',
  },
  contentTime: {
    about: 'The longest time to parse a message; then it bounces, and an event goes without its text.',
    initial: 20_000,
    unit: 'ms',
    source: 'ten times what 50 MiB of attachments take',
  },
  contentHeap: {
    about: 'Largest heap of a worker thread that parses a message; beyond that, the same happens.',
    initial: 192 * 1024 * 1024,
    unit: 'octets',
    source: 'the text of a message, in a few copies',
  },
  contentRoom: {
    about:
      'Messages that are in memory for https transports and webhooks at one time; a domain has half of it at most.',
    initial: 64 * 1024 * 1024,
    unit: 'octets',
    source: 'one message of the largest size that a mail API takes',
  },
  contentMessages: {
    about: 'The same, counted in messages.',
    initial: 64,
    unit: 'count',
    source: 'delivery.workers',
  },
} as const;
