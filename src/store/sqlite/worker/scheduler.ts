/** Keeps the work of the worker, and decides on its order. */
import { StoreError } from '../../port.js';
import type { LeaseRequest } from '../../queue.js';
import type { CounterJournal } from './counter-journal.js';
import { BUSY_MS, type Database } from './database.js';
import { OwnFiles } from './own-files.js';
import { operationError, toFailure } from '../errors.js';
import { GroupCommit, takeGroup, type WriteResult } from './group.js';
import { Intake } from './intake.js';
import type { ReadPart, Close, Request, Write } from '../wire/operations.js';
import type { MainPost, Outcome, WorkerOptions, WorkerPost } from '../wire/posts.js';
import { unpackCommits } from '../wire/packed.js';
import type { PackedLease } from '../wire/packed-leases.js';
import { callPart, openParts, type Parts } from './parts.js';
import { endLeases } from './recover.js';
import { Trash } from './trash.js';
import { Uploads } from './uploads.js';

/** Reads run for so long at most before writes have their turn. */
const READ_MS = 5;
/** How soon writes are tried again while another process writes, in milliseconds. */
const BLOCKED_MS = 10;
/** How long to wait before the trash is tried again after a failure, such as a full disk. */
const TIDY_AGAIN_MS = 1000;
/** Closing tidies up for so long at most; the next server does the rest. */
const TIDY_AT_CLOSE_MS = 1000;

interface WorkerPort {
  /** Sends to the main thread. */
  post(message: WorkerPost, transfer?: readonly ArrayBuffer[]): void;
  /** Asks for another round, later. */
  wake(): void;
}

export class Scheduler {
  readonly #database: Database;
  readonly #options: WorkerOptions;
  readonly #port: WorkerPort;
  readonly #intake: Intake;
  readonly #parts: Parts;
  readonly #journal: CounterJournal;
  readonly #trash: Trash;
  readonly #uploads: Uploads;
  readonly #group: GroupCommit;
  readonly #writes: Request<Write>[] = [];
  readonly #reads: Request<ReadPart>[] = [];
  readonly #files: OwnFiles;
  /** Since when another process keeps writes from being done; null while none does. */
  #blockedSince: number | null = null;
  #closing: Request<Close> | null = null;
  #closeBy = 0;
  #closed = false;
  #tidyRests = false;

  constructor(database: Database, options: WorkerOptions, port: WorkerPort) {
    this.#database = database;
    this.#options = options;
    this.#port = port;
    this.#trash = new Trash(database);
    const parts = openParts(database, this.#trash);
    this.#parts = parts;
    this.#journal = parts.counters.journal;
    this.#intake = new Intake(database, parts);
    this.#uploads = new Uploads(this.#trash);
    this.#group = new GroupCommit(
      database,
      (write) => this.#write(write),
      (error) => this.#toError(error),
      () => this.#files.fault(),
      {
        beforeCommit: () => {
          parts.counters.write();
          parts.searchJournal.write();
        },
        afterCommit: () => {
          parts.counters.committed();
          parts.searchJournal.forget();
          parts.lateMessages.forget();
        },
        afterRollback: () => {
          parts.counters.forget();
          parts.timeSpans.forget();
          parts.searchJournal.forget();
          parts.lateMessages.forget();
        },
      },
    );
    this.#files = new OwnFiles(options.directory);
    if (!options.exclusive) return;
    this.#trash.addUnfinished();
    if (!options.first) return;
    endLeases(parts);
  }

  get closed(): boolean {
    return this.#closed;
  }

  take({ requests, commits }: MainPost): void {
    for (const { call, operation } of requests) {
      switch (operation.kind) {
        case 'chunk':
        case 'discard':
        case 'write':
          this.#writes.push({ call, operation });
          break;
        case 'read':
          this.#reads.push({ call, operation });
          break;
        case 'close':
          this.#closing = { call, operation };
          this.#closeBy = performance.now() + TIDY_AT_CLOSE_MS;
      }
    }
    this.#writes.push(...unpackCommits(commits));
  }

  /**
   * One round: a group of writes, some reads, some tidying, so that none of them starves another.
   * Returns false when nothing is left to do.
   */
  workOnce(): boolean {
    if (this.#writes.length > 0) this.#runWrites();
    if (this.#reads.length > 0) this.#runReads();
    if (this.#closing !== null && this.#writes.length === 0) this.#uploads.giveUp();
    if (this.#mayTidy()) this.#tidy();
    const blocked = this.#writes.length > 0 && this.#blockedSince !== null;
    if ((this.#writes.length > 0 && !blocked) || this.#reads.length > 0 || this.#mayTidy()) return true;
    if (blocked) setTimeout(() => this.#port.wake(), BLOCKED_MS);
    else if (this.#closing !== null) this.#close(this.#closing);
    return false;
  }

  #runWrites(): void {
    const done: number[] = [];
    const outcomes: Outcome[] = [];
    const spent: ArrayBuffer[] = [];
    const group = takeGroup(this.#writes);
    const start = performance.now();
    const results = this.#runGroup(group);
    if (results === null) {
      this.#writes.unshift(...group);
      return;
    }
    for (const result of results) {
      const { call, operation } = result.request;
      if (result.failure !== null) outcomes.push({ call, ok: false, failure: toFailure(result.failure) });
      else if (result.value === undefined) done.push(call);
      else outcomes.push({ call, ok: true, value: this.#completed(operation, result.value) });
      const piece = operation.kind === 'chunk' || operation.kind === 'commit' ? operation.piece : null;
      if (piece?.returns === true) spent.push(piece.buffer);
    }
    const facts = { writes: group.length, duration: performance.now() - start };
    this.#port.post({ kind: 'outcomes', done, outcomes, group: facts, spent }, spent);
  }

  /** Adds to the result of a write what has to be read after its transaction. */
  #completed(write: Write, value: unknown): unknown {
    if (write.kind !== 'write' || write.part !== 'leasing' || write.method !== 'lease') return value;
    const [request] = write.args as [LeaseRequest];
    return this.#parts.leasing.withContent(value as PackedLease[], request);
  }

  /** Null while another process writes, for {@link BUSY_MS} at most: reads go on meanwhile. */
  #runGroup(group: readonly Request<Write>[]): WriteResult[] | null {
    const settle = (write: Write, failure: StoreError | null): void => this.#uploads.settle(write, failure);
    const fault = this.#files.known;
    if (fault !== null) return this.#group.fail(group, fault, settle);
    const results = this.#group.run(group, settle);
    if (results === null) {
      this.#blockedSince ??= performance.now();
      if (performance.now() - this.#blockedSince < BUSY_MS) return null;
    }
    this.#blockedSince = null;
    const { directory } = this.#options;
    return results ?? this.#group.fail(group, new StoreError('failed', busyFor(directory)), settle);
  }

  #write(write: Write): unknown {
    this.#uploads.check(write);
    switch (write.kind) {
      case 'chunk':
        this.#intake.chunk(write);
        return undefined;
      case 'commit':
        this.#intake.commit(write);
        return undefined;
      case 'discard':
        return undefined; // What is to be done is done when it is settled.
      case 'write':
        return callPart(this.#parts, write.part, write.method, write.args);
    }
  }

  #runReads(): void {
    const outcomes: Outcome[] = [];
    const transfer: ArrayBuffer[] = [];
    const start = performance.now();
    const [first] = this.#reads;
    for (let next = this.#reads.shift(); next; next = this.#reads.shift()) {
      const { call, operation } = next;
      try {
        const fault = next === first ? this.#files.fault() : this.#files.known;
        if (fault !== null) throw fault;
        const value = callPart(this.#parts, operation.part, operation.method, operation.args);
        outcomes.push({ call, ok: true, value });
        if (value instanceof Uint8Array) transfer.push(value.buffer as ArrayBuffer);
      } catch (error) {
        outcomes.push({ call, ok: false, failure: toFailure(this.#toError(error)) });
      }
      if (performance.now() - start > READ_MS) break;
    }
    this.#port.post({ kind: 'outcomes', done: [], outcomes, group: null, spent: [] }, transfer);
  }

  #mayTidy(): boolean {
    if (this.#tidyRests || this.#closed || (this.#trash.isEmpty && !this.#mayFold())) return false;
    return this.#closing === null || performance.now() < this.#closeBy;
  }

  /** Only one process folds. One that closes leaves it to the next. */
  #mayFold(): boolean {
    return this.#options.exclusive && this.#closing === null && this.#journal.isDue;
  }

  #tidy(): void {
    try {
      if (!this.#trash.isEmpty) this.#trash.removeSlice();
      if (this.#mayFold()) this.#group.aside(() => this.#journal.step())();
    } catch {
      // No caller waits for it: it is tried again later, and by the next server at the latest.
      this.#tidyRests = true;
      setTimeout(() => {
        this.#tidyRests = false;
        this.#port.wake();
      }, TIDY_AGAIN_MS).unref();
    }
  }

  #close({ call }: Request<Close>): void {
    this.#closing = null;
    this.#closed = true;
    if (this.#options.exclusive) this.#endAttempts();
    this.#database.close();
    this.#port.post({ kind: 'outcomes', done: [call], outcomes: [], group: null, spent: [] });
  }

  /** If it fails, the next server counts attempts that were under way as crashes, of which it takes several. */
  #endAttempts(): void {
    try {
      this.#parts.leasing.close();
      this.#parts.webhooks.close();
    } catch {
      // A disk that is full, say.
    }
  }

  #toError(error: unknown): StoreError {
    return operationError(error, this.#options.directory);
  }
}

function busyFor(directory: string): string {
  return `another process has kept the database in ${directory} locked for ${BUSY_MS / 1000} seconds; end it`;
}
