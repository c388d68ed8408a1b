import { Worker } from 'node:worker_threads';
import { StoreError } from '../../port.js';
import { ACCESS, type Access } from '../wire/access.js';
import { Batch } from '../wire/packed.js';
import type { BufferPool } from '../../intake/buffers.js';
import { fromFailure, reason, ThreadLost } from '../errors.js';
import type { Operation, Request } from '../wire/operations.js';
import type { GroupFacts, MainPost, WorkerOptions, WorkerPost } from '../wire/posts.js';
import type { NewCommit } from '../../intake/draft.js';
import type { ArgumentsOf, MethodOf, Parts, ResultOf } from '../worker/parts.js';

/** After a worker that did not start, the next attempt waits so long; calls meanwhile fail at once. */
const RESTART_MS = 1000;

/**
 * A post waits for at most so many turns of the event loop, as long as each brings another commit: commits of the same
 * time share a sync, and a single one does not wait in vain.
 */
const GATHERED_TURNS = 5;

const NOTHING: ReturnType<Batch['take']> = { calls: [], commits: { fields: [], buffers: [] } };

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StoreError) => void;
  readonly commit: boolean;
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
  readonly #buffers: BufferPool;
  readonly #batch: Batch;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #first = true;
  #lastCall = 0;
  #outbox: Request[] = [];
  #transfer: ArrayBuffer[] = [];
  /** The end of this turn is waited for. */
  #leaving = false;
  /**
   * Commits that the worker has not answered. While there are any, others wait here, and leave in one post: each post
   * costs both threads a turn, and a sync.
   */
  #underWay = 0;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #notBefore = 0;
  #lastFailure = '';
  #fault: StoreError | null = null;
  readonly #onFault: (fault: StoreError) => void;
  readonly #onGroup: ((facts: GroupFacts) => void) | undefined;

  /**
   * @param buffers gets the buffers that were handed over back, to be filled again.
   * @param onFault called once, when the database turns out to be lost
   * @param onGroup called for each transaction that wrote
   */
  constructor(
    script: URL,
    options: Omit<WorkerOptions, 'first'>,
    buffers: BufferPool,
    onFault: (fault: StoreError) => void = () => undefined,
    onGroup?: (facts: GroupFacts) => void,
  ) {
    this.#onGroup = onGroup;
    this.#onFault = onFault;
    this.#script = script;
    this.#options = options;
    this.#buffers = buffers;
    this.#batch = new Batch(buffers);
  }

  /** Why the database is lost; null while it is not. */
  get fault(): StoreError | null {
    return this.#fault;
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
  call(operation: Operation, buffer?: ArrayBuffer): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = this.#enter(resolve, reject, false);
      if (call === null) return;
      this.#outbox.push({ call, operation });
      if (buffer !== undefined) this.#transfer.push(buffer);
    });
  }

  /** Sends the end of a message, and takes its content over. Rejects as {@link call} does. */
  commit(commit: NewCommit): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = this.#enter(resolve, reject, true);
      if (call !== null) this.#batch.add(call, commit);
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
        ? this.call({ kind: 'read', ...call })
        : this.call({ kind: 'write', ...call, passing: access === 'passing' });
    return result as Promise<ResultOf<P, M>>;
  }

  /** Lets the worker finish what it was given, then ends it. Never rejects. */
  async close(): Promise<void> {
    if (this.#state !== 'open') return;
    const finished = this.#worker === null ? undefined : this.call({ kind: 'close' });
    this.#state = 'closing';
    // A worker that dies now has closed as well; its calls were answered.
    await finished?.catch(() => undefined);
    this.#state = 'closed';
    await this.#worker?.terminate();
    this.#worker = null;
  }

  /** The number of a call that will leave in this turn; null where it has been refused. */
  #enter(resolve: Pending['resolve'], reject: Pending['reject'], commit: boolean): number | null {
    const refusal = this.#refusal();
    if (refusal !== null) {
      reject(refusal);
      return null;
    }
    const call = ++this.#lastCall;
    this.#pending.set(call, { resolve, reject, commit });
    if (!this.#leaving) {
      this.#leaving = true;
      setImmediate(() => this.#turnOver(1, 0));
    }
    return call;
  }

  /** @param before how many commits waited when the turn before was over */
  #turnOver(turns: number, before: number): void {
    const { length } = this.#batch;
    const waits = this.#outbox.length === 0 && this.#underWay === 0 && length > before;
    if (waits && turns < GATHERED_TURNS) setImmediate(() => this.#turnOver(turns + 1, length));
    else this.#flush();
  }

  #refusal(): StoreError | null {
    if (this.#state !== 'open') return new StoreError('closed', 'the store has been closed');
    if (this.#fault !== null) return this.#fault;
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
      if (post.kind === 'outcomes') this.#settle(post);
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
    this.#leaving = false;
    const requests = this.#outbox;
    const transfer = this.#transfer;
    this.#outbox = [];
    this.#transfer = [];
    const later = this.#underWay > 0 && this.#state === 'open';
    const { calls, commits } = later ? NOTHING : this.#batch.take();
    if (requests.length === 0 && calls.length === 0) return;
    this.#underWay += calls.length;
    const post: MainPost = { requests, commits };
    try {
      this.#worker?.postMessage(post, [...transfer, ...commits.buffers]);
    } catch (error) {
      const failure = new StoreError('failed', `cannot reach the store's thread: ${reason(error)}`, {
        cause: error,
      });
      for (const { call } of requests) this.#forget(call)?.reject(failure);
      for (const call of calls) this.#forget(call)?.reject(failure);
    }
  }

  #settle({ done, outcomes, group, spent }: Extract<WorkerPost, { kind: 'outcomes' }>): void {
    if (group !== null) this.#onGroup?.(group);
    this.#buffers.give(spent);
    for (const call of done) this.#forget(call)?.resolve(undefined);
    for (const outcome of outcomes) {
      const pending = this.#forget(outcome.call);
      if (outcome.ok) pending?.resolve(outcome.value);
      else {
        const failure = fromFailure(outcome.failure);
        if (failure.code === 'lost') this.#lose(failure);
        pending?.reject(failure);
      }
    }
    if (this.#batch.length > 0 && this.#underWay === 0) this.#flush();
  }

  #lose(fault: StoreError): void {
    if (this.#fault !== null) return;
    this.#fault = fault;
    this.#onFault(fault);
  }

  #forget(call: number): Pending | undefined {
    const pending = this.#pending.get(call);
    this.#pending.delete(call);
    if (pending?.commit === true) this.#underWay -= 1;
    return pending;
  }

  /** All that the dead worker was asked, and was about to be asked, has failed. */
  #bury({ message }: StoreError): void {
    this.#worker = null;
    this.#lastFailure = message;
    this.#outbox = [];
    this.#transfer = [];
    this.#batch.take();
    this.#underWay = 0;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(new ThreadLost(message));
  }
}
