/**
 * Groups of messages that are being stored. Two nodes that store at the same moment do not see each other, so neither is
 * late to the other (`late-messages.ts`). If a reader came in between and went on from the message that it saw, it would
 * miss the other one. So a reader first notes what was stored last, then waits until the groups that were under way have
 * ended, and then reads.
 *
 * A connection that stores groups holds a lock for as long as it lives, which keeps no one waiting: it names the server's
 * process. So groups cost nothing more, and the reader asks what those processes do.
 */
import { installationLock } from './advisory-locks.js';
import type { Connection } from './connection.js';
import type { Connections } from './connections.js';

/** How long readers wait for groups at most, in milliseconds. Few take longer than some milliseconds. */
const LONGEST_MS = 2_000;
/** The first pause between two looks, in milliseconds, and the longest: each is twice as long. */
const PAUSES_MS = { first: 2, longest: 50 };

const KEY = installationLock('intake');
const MARK = { name: 'overlap_mark', text: `SELECT pg_advisory_lock_shared(${KEY})` };
/** A process says that it is active before its statement takes a snapshot, and that it is idle after the commit. */
const UNDER_WAY = {
  name: 'overlap_under_way',
  text: `SELECT locks.pid, activity.xact_start::text AS begun
    FROM pg_locks AS locks CROSS JOIN LATERAL pg_stat_get_activity(locks.pid) AS activity
    WHERE locktype = 'advisory' AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid = (${KEY} >> 32)::oid AND objid = (${KEY} & 4294967295)::oid
      AND activity.state IN ('active', 'idle in transaction', 'idle in transaction (aborted)')`,
};

interface Row {
  readonly pid: number;
  /** Null for the moment before the transaction has begun. */
  readonly begun: string | null;
}

/** Says that this connection stores groups of messages. */
export async function markIntake(connection: Connection): Promise<void> {
  await connection.run(MARK);
}

/**
 * Waits until the groups that are being stored at the moment have ended.
 *
 * @param longest how long to wait at most, in milliseconds. Default: {@link LONGEST_MS}
 * @returns false if some still had not after some seconds: the server waits for a standby, or for a disk
 */
export async function overlapsEnd(connections: Connections, longest = LONGEST_MS): Promise<boolean> {
  let waiting: ReadonlyMap<number, string | null> | null = null;
  const end = performance.now() + longest;
  for (let pause = PAUSES_MS.first; ; pause = Math.min(2 * pause, PAUSES_MS.longest)) {
    const { rows } = await connections.run<Row>(UNDER_WAY);
    waiting = stillUnderWay(waiting, rows);
    if (waiting.size === 0) return true;
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Returns those that were under way before, by their process, and are now; at the first look all of them. */
function stillUnderWay(
  before: ReadonlyMap<number, string | null> | null,
  rows: readonly Row[],
): ReadonlyMap<number, string | null> {
  return new Map(
    rows.flatMap(({ pid, begun }) => {
      if (before === null) return [[pid, begun]];
      const known = before.get(pid);
      const isSame = known !== undefined && (known === null || begun === null || begun === known);
      return isSame ? [[pid, known ?? begun]] : [];
    }),
  );
}
