import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';

/** Open files that the gateway needs besides its clients: database, logs, listeners, delivery. */
const RESERVE = 128;

/** Returns how many files this process may have open (`ulimit -n`), or null if the system does not say. */
export function openFilesLimit(): number | null {
  try {
    const [, soft = ''] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === '' ? null : Number(soft);
  } catch {
    return null;
  }
}

/**
 * Returns how many connections to allow. If the kernel has no descriptor left, it drops connections, and neither
 * client nor server notices. If they are refused with 421, clients retry, and the log has a line.
 *
 * @param configured connections that the configuration allows
 * @param limit files that the process may have open; null if it is unknown
 */
export function connectionsWithin(
  configured: number,
  limit: number | null,
  log: Pick<Logger, 'warn'>,
): number {
  if (limit === null) return configured;
  const room = Math.max(1, limit - Math.min(RESERVE, Math.ceil(limit / 4)));
  if (room >= configured) return configured;
  log.warn(
    { open_files: limit, max_connections: configured, allowed: room },
    'the limit of open files is too low for smtp.max_connections: raise it (ulimit -n, LimitNOFILE=), or lower that key',
  );
  return room;
}
