import { Unreadable } from '../../message/mime/work.js';
import type { Lease } from '../../store/queue.js';
import type { Outgoing } from '../queue/shipping.js';
import type { ContentWorkers } from '../workers/workers.js';
import { edited } from './apply.js';
import type { LongLinesPlan } from './plan.js';

/**
 * Called once for each lease of a message with long lines.
 *
 * @param encoded number of parts that are encoded anew
 * @param left long lines that stay, in words
 */
export type LongLinesObserver = (lease: Lease, encoded: number, left: readonly string[]) => void;

/**
 * Returns the content of a message without lines of more than 998 octets (RFC 5322 2.1.1). Some servers cut or fold
 * such lines, and signatures then fail. The parts that have them become quoted-printable, or are wrapped anew if they
 * are in base64 or quoted-printable; decoded, they have the same octets as before. It must come before signing.
 *
 * Long lines stay in header sections, in parts that are signed or encrypted, in messages within the message, and in
 * content that goes by BINARYMIME.
 *
 * A worker thread reads the message once to plan the edits. The content then streams through them.
 *
 * Returns a promise only if there are such lines. It rejects with Stopped, or with what the store throws.
 */
export function withoutLongLines(
  lease: Lease,
  stored: Outgoing,
  workers: ContentWorkers,
  observe: LongLinesObserver,
): Outgoing | Promise<Outgoing> {
  const { needs } = lease;
  if (needs === null || !needs.longLines || needs.binary) return stored;
  return encoded(lease, stored, workers, observe);
}

async function encoded(
  lease: Lease,
  stored: Outgoing,
  workers: ContentWorkers,
  observe: LongLinesObserver,
): Promise<Outgoing> {
  const { domain } = lease;
  let plan: LongLinesPlan;
  try {
    plan = await workers.memory.hold(domain.id, stored.size, async () => {
      const { signal } = new AbortController();
      return (await workers.run(domain.id, 'longLines', null, stored.content(), signal)).value;
    });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    observe(lease, 0, [error.message]);
    return stored;
  }
  const { edits, size, encoded: parts, left } = plan;
  observe(lease, parts, left);
  return edits.length === 0 ? stored : { size, content: () => edited(stored.content(), edits) };
}
