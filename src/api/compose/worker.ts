import { parentPort } from 'node:worker_threads';
import { ApiError } from '../errors.js';
import {
  type ComposeFailure,
  composeRequest,
  type ComposeRequest,
  type ComposeResult,
  failureOf,
} from './request.js';

/** The result of a job. */
export type Outcome =
  | { readonly job: number; readonly results: readonly ComposeResult[] }
  | { readonly job: number; readonly refused: ComposeFailure }
  | { readonly job: number; readonly failure: string };

parentPort?.on('message', ({ job, request }: { job: number; request: ComposeRequest }) => {
  try {
    const results = composeRequest(request);
    const buffers = new Set<ArrayBuffer>();
    for (const result of results) {
      if (result.ok && result.message.octets.buffer instanceof ArrayBuffer)
        buffers.add(result.message.octets.buffer);
    }
    // A small message may lie in the pool of Node's buffers, which cannot be given away.
    const whole = [...buffers].filter((buffer) => buffer.byteLength > 64 * 1024);
    parentPort?.postMessage({ job, results } satisfies Outcome, whole);
  } catch (error) {
    if (error instanceof ApiError)
      return parentPort?.postMessage({ job, refused: failureOf(error) } satisfies Outcome);
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    parentPort?.postMessage({ job, failure } satisfies Outcome);
  }
});
