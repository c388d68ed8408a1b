import { Worker } from 'node:worker_threads';
import { StoreError } from '../port.js';
import { fromFailure, reason, ThreadLost } from './errors.js';
import type { Operation, Outcome, Request, Results, WorkerOptions, WorkerPost } from './operations.js';
import { ACCESS, type Access } from './access.js';
import type { ArgumentsOf, MethodOf, Parts, ResultOf } from './parts.js';

/** After a worker that did not start, the next attempt waits so long; calls meanwhile fail at once. */
const RESTART_MS = 1000;

interface Pending {
  readonly resolve: (value: Results[keyof Results]) => void;
  readonly reject: (error: StoreError) => void;
}

/**
 * The main thread's end of the line to the worker.
 *
 * Calls made in one turn of the event loop leave in one post, and so share a transaction. A worker that
 * dies takes the calls under way with it (they reject with {@link ThreadLost}); the next call starts another.
 */
export class WorkerLink {
  readonly #script: URL;
  readonly #options: Omit<WorkerOptions, 'first'>;
  readonly #onSpent: (buffers: readonly ArrayBuffer[]) => void;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #first = true;
  #lastCall = 0;
  #outbox: Request[] = [];
  #transfer: ArrayBuffer[] = [];
  #state: 'open' | 'closing' | 'closed' = 'open';
  #notBefore = 0;
  #lastFailure = '';

  /** @param onSpent gets the buffers of full chunks back, to be filled again. */
  constructor(
    script: URL,
    options: Omit<WorkerOptions, 'first'>,
    onSpent: (buffers: readonly ArrayBuffer[]) => void,
  ) {
    this.#script = script;
    this.#options = options;
    this.#onSpent = onSpent;
  }

  /**
   * Starts the worker; resolves to the greatest id in the store.
   *
   * @throws StoreError why the store cannot be opened
   */
  start(): Promise<number> {
    return new Promise((resolve, reject) => this.#start(resolve, reject));
  }

  /**
   * Sends an operation, with the buffer in it that changes hands.
   *
   * Rejects with a {@link StoreError}: the operation's own, a {@link ThreadLost}, or `closed`.
   */
  call<O extends Operation>(operation: O, buffer?: ArrayBuffer): Promise<Results[O['kind']]> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal();
      if (refusal !== null) {
        reject(refusal);
        return;
      }
      const call = ++this.#lastCall;
      this.#pending.set(call, { resolve: resolve as Pending['resolve'], reject });
      if (this.#outbox.length === 0) setImmediate(() => this.#flush());
      this.#outbox.push({ call, operation });
      if (buffer !== undefined) this.#transfer.push(buffer);
    });
  }

  /** Calls a method of one of the parts. Rejects as {@link call} does. */
  ask<P extends keyof Parts, M extends MethodOf<P>>(
    part: P,
    method: M,
    ...args: ArgumentsOf<P, M>
  ): Promise<ResultOf<P, M>> {
    const access: Access | undefined = (ACCESS[part] as Record<string, Access>)[method as string];
    const call = { part, method: method as string, args };
    const result =
      access === 'read'
        ? this.call({ kind: 'ask', ...call })
        : this.call({ kind: 'tell', ...call, passing: access === 'passing' });
    return result as Promise<ResultOf<P, M>>;
  }

  /** Lets the worker finish what it was given, then ends it. Never rejects. */
  async close(): Promise<void> {
    if (this.#state !== 'open') return;
    const finished = this.#worker === null ? undefined : this.call({ kind: 'close' });
    this.#state = 'closing';
    // A worker that dies now has closed as well; its calls have been told.
    await finished?.catch(() => undefined);
    this.#state = 'closed';
    await this.#worker?.terminate();
    this.#worker = null;
  }

  #refusal(): StoreError | null {
    if (this.#state !== 'open') return new StoreError('closed', 'the store has been closed');
    if (this.#worker !== null) return null;
    if (Date.now() < this.#notBefore) return new StoreError('failed', this.#lastFailure);
    const ignore = () => undefined;
    this.#start(ignore, ignore);
    return null;
  }

  #start(resolve: (greatestId: number) => void, reject: (error: StoreError) => void): void {
    const workerData: WorkerOptions = { ...this.#options, first: this.#first };
    const worker = new Worker(this.#script, { workerData });
    this.#worker = worker;
    let problem: StoreError | null = null;
    let ready = false;
    worker.on('message', (post: WorkerPost) => {
      if (post.kind === 'outcomes') this.#settle(post.outcomes, post.spent);
      else if (post.kind === 'ready') {
        ready = true;
        this.#first = false;
        resolve(post.greatestId);
      } else problem = fromFailure(post.failure);
    });
    worker.on('error', (error: unknown) => {
      problem = new StoreError('failed', `the store's thread died: ${reason(error)}`, { cause: error });
    });
    worker.on('exit', () => {
      const failure = problem ?? new StoreError('failed', "the store's thread ended");
      reject(failure);
      if (this.#worker !== worker) return;
      this.#notBefore = ready ? 0 : Date.now() + RESTART_MS;
      this.#bury(failure);
    });
  }

  #flush(): void {
    const requests = this.#outbox;
    const transfer = this.#transfer;
    this.#outbox = [];
    this.#transfer = [];
    if (requests.length === 0) return; // The worker died in between.
    try {
      this.#worker?.postMessage(requests, transfer);
    } catch (error) {
      const failure = new StoreError('failed', `cannot reach the store's thread: ${reason(error)}`, {
        cause: error,
      });
      for (const { call } of requests) this.#forget(call)?.reject(failure);
    }
  }

  #settle(outcomes: readonly Outcome[], spent: readonly ArrayBuffer[]): void {
    this.#onSpent(spent);
    for (const outcome of outcomes) {
      const pending = this.#forget(outcome.call);
      if (outcome.ok) pending?.resolve(outcome.value);
      else pending?.reject(fromFailure(outcome.failure));
    }
  }

  #forget(call: number): Pending | undefined {
    const pending = this.#pending.get(call);
    this.#pending.delete(call);
    return pending;
  }

  /** All that the dead worker was asked, and was about to be asked, has failed. */
  #bury({ message }: StoreError): void {
    this.#worker = null;
    this.#lastFailure = message;
    this.#outbox = [];
    this.#transfer = [];
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(new ThreadLost(message));
  }
}
