import type { JobName, Jobs } from '../../delivery/workers/jobs.js';
import type { JobResult } from '../../delivery/workers/sink.js';
import type { ContentWorkers } from '../../delivery/workers/workers.js';
import type { Mail, MessageRecord } from '../../store/mail.js';
import type { Scope } from '../../store/port.js';
import { ApiError } from '../errors.js';
import type { Gate } from './gate.js';

/** Runs jobs over the content of messages, in the worker threads that delivery uses. */
export class TakingApart {
  constructor(
    private readonly mail: Pick<Mail, 'content'>,
    private readonly workers: ContentWorkers,
    private readonly gate: Gate,
  ) {}

  /**
   * @param signal aborted when the client is gone or the server stops
   * @throws ApiError if the content has been removed, or too many messages are taken apart
   * @throws Unreadable
   */
  async run<Name extends JobName>(
    scope: Scope,
    { id, domainId, size, contentRemoved }: MessageRecord,
    name: Name,
    facts: Jobs[Name]['facts'],
    signal: AbortSignal,
  ): Promise<JobResult<Jobs[Name]['value']>> {
    if (contentRemoved) throw new ApiError('content_removed');
    const leave = this.gate.enter(scope);
    try {
      return await this.workers.memory.hold(domainId, size, async () => {
        const content = complete(this.mail.content(scope, id), size);
        return this.workers.run(domainId, name, facts, content, signal);
      });
    } finally {
      leave();
    }
  }
}

/** Passes content on, and throws at its end if that is not all: the content was removed meanwhile. */
export async function* complete(
  content: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const octets of content) {
    length += octets.length;
    yield octets;
  }
  if (length !== size) throw new ApiError('content_removed');
}
