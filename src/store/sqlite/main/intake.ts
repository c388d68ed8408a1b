/** The intake of drafts over the worker. */
import type { BufferPool } from '../../intake/buffers.js';
import type { Intake } from '../../intake/draft.js';
import { ThreadLost } from '../errors.js';
import type { WorkerLink } from './worker-link.js';

export function workerIntake(link: Pick<WorkerLink, 'call' | 'commit' | 'ask'>, buffers: BufferPool): Intake {
  const isStored = (id: number): Promise<boolean> =>
    link.ask('reading', 'message', id).then(
      (message) => message !== null,
      () => false,
    );
  return {
    commit: (commit) =>
      link.commit(commit).catch(async (error: unknown) => {
        // It may have been stored before the thread died; if so, the commit must not report a failure.
        if (!(error instanceof ThreadLost) || !(await isStored(commit.id))) throw error;
      }),
    chunk(id, sequence, octets) {
      const { buffer, length } = octets;
      const piece = { buffer, start: 0, length, returns: buffer.byteLength === buffers.largest };
      return link.call({ kind: 'chunk', id, sequence, piece }, buffer);
    },
    discard: (id) => link.call({ kind: 'discard', id }),
  };
}
