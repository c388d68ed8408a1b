import type { z } from 'zod';
import type { Limit } from '../base/limit.js';
import { formatDuration } from './duration.js';
import { count, duration, size } from './kinds.js';
import { formatSize } from './size.js';

/** The longest time that fits a timer of Node: that can wait 2^31 - 1 ms, a little more than this. */
const LONGEST_TIMER = '24d';

/** The least and the largest value that an operator may set. */
interface Range {
  readonly min: string | number;
  readonly max?: string | number;
}

/**
 * Makes a key that sets a limit. Its text, default and source are those of the limit's row, so that they are written
 * once.
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
