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

/** The limits of commands that read messages, send them and watch the server. */
export const COMMANDS = {
  sentOctets: {
    about: 'Octets of the texts and files that `postern send` makes one message of.',
    initial: 256 * 1024 * 1024,
    unit: 'octets',
    source: 'more than servers take: it only keeps an endless file out of memory',
  },
  followedIds: {
    about:
      'Messages that `postern messages --follow` remembers, so that it shows none twice: those of its last two looks, ' +
      'and more if messages are removed meanwhile.',
    initial: 20_000,
    unit: 'count',
    source: 'two looks at 2,500 messages a second take 1,000; in 2 MiB',
  },
  attachmentName: {
    about: 'Octets of a file name that `postern message ID --attachments` gives, without its number.',
    initial: 200,
    unit: 'octets',
    source: 'file systems take 255',
  },
  statusAnswer: {
    about: 'Octets of an answer that `postern status` reads.',
    initial: 4 * 1024 * 1024,
    unit: 'octets',
    source: 'metrics have some tens of thousands',
  },
  statusTime: {
    about: 'Until a server answers `postern status`.',
    initial: 5_000,
    unit: 'ms',
    source: 'a server takes 2 s to find out that its store does not answer',
  },
} as const satisfies Readonly<Record<string, Limit>>;
