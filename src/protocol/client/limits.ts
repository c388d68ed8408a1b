import type { Limit } from '../../base/limit.js';

/** The limits of what a server may send to a client. */
export const REPLY_LIMITS = {
  replyLine: {
    about: 'A line of a reply, with its CRLF.',
    initial: 12_288 + 6,
    unit: 'octets',
    source: 'RFC 4954 4 wants 12288 for a challenge; RFC 5321 4.5.3.1.5 has 512',
  },
  replyLines: {
    about: 'Lines of one reply.',
    initial: 256,
    unit: 'count',
    source: 'a reply to EHLO has one for each extension: a few dozen',
  },
  reply: {
    about: 'One reply, all its lines.',
    initial: 65_536,
    unit: 'octets',
    source: 'no limit in the RFCs; what EHLO announces has a kilobyte or so',
  },
} as const satisfies Record<string, Limit>;

export const MAX_LINE: number = REPLY_LIMITS.replyLine.initial;
export const MAX_LINES: number = REPLY_LIMITS.replyLines.initial;
export const MAX_REPLY: number = REPLY_LIMITS.reply.initial;
