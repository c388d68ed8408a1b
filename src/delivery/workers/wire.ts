import type { JobName, Jobs } from './jobs.js';
import type { Made } from './sink.js';

/** What the main thread sends: a job, with the octets of its message. */
export interface Order<Name extends JobName = JobName> {
  readonly name: Name;
  readonly facts: Jobs[Name]['facts'];
  readonly content: readonly Uint8Array[];
}

/** What the worker thread sends: that it has loaded, and then one answer for each job. */
export type Answer =
  | { readonly type: 'ready' }
  | ({ readonly type: 'made' } & Made<Jobs[JobName]['value']>)
  /** The message cannot be taken apart: an `Unreadable`. */
  | { readonly type: 'refused'; readonly enhancedCode: string; readonly reason: string };
