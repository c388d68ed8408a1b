/** The jobs that run in worker threads: everything whose work grows with a message. Loaded by the thread only. */
import type { Made } from './sink.js';
import { composeRequest, type ComposedRequest, type RequestFacts } from '../transports/https/compose.js';
import { composeEvent, type ComposedEvent, type EventFacts } from '../webhooks/compose.js';

/** By name: what a job takes beside the octets of a message, and what it makes. */
export interface Jobs {
  readonly request: { readonly facts: RequestFacts; readonly value: ComposedRequest };
  readonly event: { readonly facts: EventFacts; readonly value: ComposedEvent };
}

export type JobName = keyof Jobs;

type Run<Name extends JobName> = (facts: Jobs[Name]['facts'], message: Buffer) => Made<Jobs[Name]['value']>;

export const JOBS: { readonly [Name in JobName]: Run<Name> } = {
  request: composeRequest,
  event: composeEvent,
};
