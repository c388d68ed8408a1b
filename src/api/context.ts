import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { BodyBudget } from './body.js';
import type { ContentWorkers } from '../delivery/workers/workers.js';
import type { Composer } from './compose/composer.js';
import type { Store } from '../store/port.js';
import type { Idempotent } from './idempotent.js';
import type { ApiLimits } from './limits.js';
import type { Metrics } from './metrics/metrics.js';
import type { Sending } from './sending.js';
import type { Directory } from '../submission/directory.js';

/** A server whose routes are typed by their schemas. */
export type Api = FastifyInstance extends infer Instance
  ? Instance extends FastifyInstance<infer S, infer Q, infer P, infer L>
    ? FastifyInstance<S, Q, P, L, ZodTypeProvider>
    : never
  : never;

/** The objects that the routes use. */
export interface ApiContext {
  readonly limits: ApiLimits;
  readonly budget: BodyBudget;
  readonly composer: Composer;
  readonly sending: Sending;
  readonly idempotent: Idempotent;
  readonly store: Store;
  readonly directory: Directory;
  /** Take messages apart. */
  readonly workers: ContentWorkers;
  /** File name extensions that attachments may have, in lower case; empty: all. */
  readonly extensions: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called when a token or a session may have become invalid: what lasts longer than a request is checked again. */
  readonly credentialsChanged: () => void;
  /** Aborted when the server stops: requests that wait end then. */
  readonly stopping: AbortSignal;
  /** Counts what happens; null if nothing does. */
  readonly metrics: Metrics | null;
  /** Hears of what the server itself failed at. */
  readonly onFailure: (error: unknown, request: FastifyRequest) => void;
}
