import type { JobName, Jobs } from './jobs.js';
import type { JobResult } from './sink.js';

/** A message of the main thread: a job, with the octets of its message. */
export interface JobRequest<Name extends JobName = JobName> {
  readonly name: Name;
  readonly facts: Jobs[Name]['facts'];
  readonly content: readonly Uint8Array[];
}

/** A message of the worker thread: `ready` when it has loaded, then one answer for each job. */
export type Answer =
  | { readonly type: 'ready' }
  | ({ readonly type: 'made' } & JobResult<Jobs[JobName]['value']>)
  /** The message cannot be parsed: an `Unreadable`. */
  | { readonly type: 'refused'; readonly enhancedCode: string; readonly reason: string };
