import { Fault, type Parsed } from '../../base/fault.js';
import { formatDateTime, parseDateTime } from '../grammar/date-time.js';
import { reply } from '../replies/catalogue.js';
import type { Reply } from '../replies/reply.js';
import type { DeliverByMail } from './deliver-by.js';
import type { Extension } from './extension.js';

export interface FutureReleaseOptions {
  /**
   * RFC 4865: HOLDFOR and HOLDUNTIL, up to `maxInterval` seconds from now. The core has no clock, so `now` returns the
   * time of day, in milliseconds since the epoch: `now: Date.now`. Default: false.
   */
  readonly futureRelease: false | { readonly maxInterval: number; readonly now: () => number };
}

export interface FutureReleaseMail {
  /** Seconds that the message is held before it is sent on: RFC 4865. */
  readonly holdFor?: number;
  /** The time until which it is held, in milliseconds since the epoch: RFC 4865. */
  readonly holdUntil?: number;
}

export const futureRelease: Extension<FutureReleaseOptions, FutureReleaseMail & DeliverByMail> = {
  keyword: 'FUTURERELEASE',
  source: 'RFC 4865',
  options: { futureRelease: false },
  // RFC 4865 3: max-future-release-interval SP max-future-release-date-time
  announce: ({ extensions: { futureRelease } }) => {
    if (futureRelease === false) return null;
    const { maxInterval, now } = futureRelease;
    return `${maxInterval} ${formatDateTime(now() + maxInterval * 1000)}`;
  },
  timed: true,
  mail: { HOLDFOR: parseHoldFor, HOLDUNTIL: parseHoldUntil },
  checkMail: ({ by, holdFor, holdUntil }, { extensions: { futureRelease } }) => {
    if (holdFor !== undefined && holdUntil !== undefined) return bad('HOLDUNTIL', 'HOLDFOR was given, too');
    if (futureRelease === false) return null;
    const { maxInterval, now } = futureRelease;
    // RFC 4865 4.2 and 5.2.2: beyond what was announced, or later than BY, 501 5.5.4.
    const until = holdUntil === undefined ? 0 : (holdUntil - now()) / 1000;
    const hold = holdFor ?? until;
    const keyword = holdFor === undefined ? 'HOLDUNTIL' : 'HOLDFOR';
    if (hold > maxInterval) return bad(keyword, `at most ${maxInterval} seconds from now`);
    return by !== undefined && hold > 0 && by.seconds <= hold ? bad(keyword, 'not before BY') : null;
  },
};

function bad(parameter: string, reason: string): Reply {
  return reply('badParameter', { parameter, reason });
}

// RFC 4865 3
//   hold-for-param          = "HOLDFOR=" future-release-interval
//   future-release-interval = future-release-integer
//   future-release-integer  = %x31-39 *8DIGIT
function parseHoldFor(value: string | null): Parsed<{ readonly holdFor: number }> {
  return /^[1-9]\d{0,8}$/.test(value ?? '')
    ? { holdFor: Number(value) }
    : new Fault('expected seconds, 1 to 999999999');
}

// RFC 4865 3, and its erratum 2040
//   hold-until-param         = "HOLDUNTIL=" future-release-date-time
//   future-release-date-time = date-time ; RFC 3339 5.6
function parseHoldUntil(value: string | null): Parsed<{ readonly holdUntil: number }> {
  const holdUntil = parseDateTime(value ?? '');
  return holdUntil === null
    ? new Fault('expected a time such as 2026-01-31T09:00:00Z (RFC 3339)')
    : { holdUntil };
}
