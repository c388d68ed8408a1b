/** The limits of the store, as rows of the kind that `src/base/limit.ts` describes. */
export const STORE = {
  inFlight: {
    about:
      'Octets on their way to the disk, of all connections together; past it, connections wait. Header sections that are not complete have half of it: if they need more, the largest are refused with 452.',
    initial: 32 * 1024 * 1024,
    unit: 'octets',
    source: 'a quarter second of a slow disk',
  },
  chunk: {
    about: 'A part of a message as it is stored; a message that fits in one is written in one go.',
    initial: 256 * 1024,
    unit: 'octets',
    source: 'a row that SQLite and PostgreSQL both handle well',
  },
  page: {
    about: 'Messages that one page of a list has at most.',
    initial: 200,
    unit: 'count',
    source: 'what one transaction reads in some milliseconds',
  },
  searchTerms: {
    about: 'Conditions that one search may have.',
    initial: 20,
    unit: 'count',
    source: 'more than a person types',
  },
  searchText: {
    about: 'Characters that count of one text in a search.',
    initial: 256,
    unit: 'count',
    source: 'the longest forward-path of RFC 5321 4.5.3.1.3',
  },
  headerSection: {
    about: 'Octets of a header section that are read for the API.',
    initial: 256 * 1024,
    unit: 'octets',
    source: 'the longest header section that is accepted',
  },
  changes: {
    about: 'Changes that a watcher gets in one turn; of more it learns only that there were some.',
    initial: 1000,
    unit: 'count',
    source: 'some ten group commits',
  },
  tags: {
    about: 'Tags that a message keeps when tags are added to it.',
    initial: 20,
    unit: 'count',
    source: 'as many as a message may bring',
  },
  statisticsUnits: {
    about: 'Hours or days that one question about statistics may span.',
    initial: 1100,
    unit: 'count',
    source: 'three years of days, or six weeks of hours',
  },
  countedNames: {
    about:
      'Tags, and receiving domains, of a sending domain that statistics of one day count by themselves; further ones count together, under the name `,other`.',
    initial: 1000,
    unit: 'count',
    source: 'more than a page can show; some ten mebibytes of counters a day at most',
  },
  sessions: {
    about: 'Sessions of one principal; those seen longest ago end when there are more.',
    initial: 50,
    unit: 'count',
    source: 'more browsers than one team has',
  },
  idempotentResponse: {
    about: 'Octets of a response that is kept for an idempotency key.',
    initial: 64 * 1024,
    unit: 'octets',
    source: 'a batch of 100 messages with room to spare',
  },
  callsOfMessage: {
    about: 'Webhook calls that are shown with a message.',
    initial: 50,
    unit: 'count',
    source: 'all tries of the four events',
  },
  callsOfDomain: {
    about: 'Webhook calls that are kept for a domain.',
    initial: 500,
    unit: 'count',
    source: 'what a person looks through; about half a mebibyte',
  },
} as const;
