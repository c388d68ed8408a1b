/** The jobs that run in worker threads: all work that grows with a message. Only the thread loads this file. */
import { planLongLines, type LongLinesPlan } from '../long-lines/plan.js';
import type { JobResult } from './sink.js';
import { describeContent, type ContentFacts } from '../reading/content.js';
import { findLinksIn, type FoundLinks } from '../reading/links.js';
import { composePage } from '../reading/page.js';
import { takePart, type PartFacts, type TakenPart } from '../reading/part.js';
import { composeRequest, type ComposedRequest, type RequestFacts } from '../transports/https/compose.js';
import { composeEvent, type ComposedEvent, type EventFacts } from '../webhooks/compose.js';

/** By name of the job: its input in addition to the octets of a message, and its result. */
export interface Jobs {
  readonly request: { readonly facts: RequestFacts; readonly value: ComposedRequest };
  readonly event: { readonly facts: EventFacts; readonly value: ComposedEvent };
  readonly longLines: { readonly facts: null; readonly value: LongLinesPlan };
  readonly content: { readonly facts: ContentFacts; readonly value: null };
  readonly part: { readonly facts: PartFacts; readonly value: TakenPart };
  readonly page: { readonly facts: null; readonly value: null };
  readonly links: { readonly facts: null; readonly value: FoundLinks };
}

export type JobName = keyof Jobs;

type Run<Name extends JobName> = (
  facts: Jobs[Name]['facts'],
  message: Buffer,
) => JobResult<Jobs[Name]['value']>;

export const JOBS: { readonly [Name in JobName]: Run<Name> } = {
  request: composeRequest,
  event: composeEvent,
  longLines: planLongLines,
  content: describeContent,
  part: takePart,
  page: composePage,
  links: findLinksIn,
};
