import type { z } from 'zod';
import type { Limit } from '../base/limit.js';
import { formatDuration } from './duration.js';
import { count, duration, size } from './kinds.js';
import { formatSize } from './size.js';

/** The longest that a timer of Node can wait is 2^31 - 1 ms, a little more than this. */
const LONGEST_TIMER = '24d';

/** The least and the most that an operator may set. */
interface Range {
  readonly min: string | number;
  readonly max?: string | number;
}

/**
 * A key that sets a limit of the room that keeps it: text, default and source are that room's, so that they
 * are said once.
 */
export function limitKey(limit: Limit, { min, max = LONGEST_TIMER }: Range): z.ZodType<number> {
  const { about, initial, source } = limit;
  switch (limit.unit) {
    case 'ms':
      return duration({
        about,
        source,
        limit,
        initial: formatDuration(initial),
        min: String(min),
        max: String(max),
      });
    case 'octets':
    case 'octets/s':
      return size({ about, source, limit, initial: formatSize(initial), min: String(min), max: String(max) });
    case '1/min':
    case 'bits':
    case 'count':
      return count({ about, source, limit, initial, min: Number(min), max: Number(max) });
  }
}
