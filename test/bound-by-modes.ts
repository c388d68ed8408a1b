/**
 * What to run a command by so that the modes of files and folders hold for it: for root they hold only once it has
 * given the capabilities up by which it passes over them.
 */
export const BOUND_BY_MODES: readonly string[] =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override,-dac_read_search'] : [];
