import type { OptionalExtensions } from './extensions.js';
import type { MailParameters } from '../grammar/parameters.js';
import type { Reply } from '../replies/reply.js';
import { reply } from '../replies/catalogue.js';

/**
 * Why what MAIL asks cannot be promised, or null. Each value is sound by itself; this is about what EHLO
 * announced of them, and about values that contradict each other.
 */
export function unpromised(parameters: MailParameters, extensions: OptionalExtensions): Reply | null {
  const { by, holdFor, holdUntil } = parameters;
  const { deliverBy, futureRelease } = extensions;
  if (holdFor !== undefined && holdUntil !== undefined) {
    return bad('HOLDUNTIL', 'HOLDFOR was given, too');
  }
  if (futureRelease !== false) {
    const { maxInterval, now } = futureRelease;
    // RFC 4865 4.2 and 5.2.2: beyond what was announced, or later than BY, 501 5.5.4.
    const until = holdUntil === undefined ? 0 : (holdUntil - now()) / 1000;
    const hold = holdFor ?? until;
    const keyword = holdFor === undefined ? 'HOLDUNTIL' : 'HOLDFOR';
    if (hold > maxInterval) return bad(keyword, `at most ${maxInterval} seconds from now`);
    if (by !== undefined && hold > 0 && by.seconds <= hold) return bad(keyword, 'not before BY');
  }
  if (deliverBy !== false && by?.otherwise === 'return' && by.seconds < deliverBy.minimum) {
    // RFC 2852 3: 55z; and 4: 555 where a sound value cannot be honoured.
    return reply('deliverByTooSoon', { minimum: deliverBy.minimum });
  }
  return null;
}

function bad(parameter: string, reason: string): Reply {
  return reply('badParameter', { parameter, reason });
}
