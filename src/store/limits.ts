/** The limits of the store, as rows of the kind that `src/base/limit.ts` describes. */
export const STORE = {
  inFlight: {
    about: 'Octets on their way to the disk, of all connections together; past it, connections wait.',
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
} as const;
