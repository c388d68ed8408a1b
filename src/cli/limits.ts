import type { Limit } from '../base/limit.js';

/** The limits of the program itself, beside those of its server and of delivery. */
export const LOG = {
  waiting: {
    about:
      'Characters of log lines that wait to be written. If standard error takes lines too slowly, or not at all, ' +
      'further lines are dropped and counted; mail goes on.',
    initial: 1024 * 1024,
    unit: 'count',
    source: 'some thousands of lines: a disk or a reader that stalls for seconds loses none',
  },
} as const satisfies Readonly<Record<string, Limit>>;
