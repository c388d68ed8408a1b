import { StoreError, type Draft, type MessageId, type NewMessage } from '../../port.js';
import type { Budget, Holder } from './budget.js';
import type { BufferPool } from '../wire/buffers.js';
import { reason, ThreadLost } from '../errors.js';
import type { WorkerLink } from './worker-link.js';

/** The objects that the drafts of one store share. */
export interface DraftContext {
  readonly link: Pick<WorkerLink, 'call' | 'commit' | 'ask'>;
  readonly budget: Budget;
  readonly buffers: BufferPool;
  /** Called for each message that has come onto the queue. */
  readonly onQueued?: () => void;
  /** Called for each message that is stored. */
  readonly onAccepted?: (id: MessageId, message: NewMessage) => void;
}

/**
 * A message that is being received. Its content gathers in one buffer of at most a chunk: if the message fits, the
 * commit writes it whole; a larger one hands over a chunk whenever the buffer is full.
 */
export class SqliteDraft implements Draft, Holder {
  readonly id: MessageId;
  readonly #context: DraftContext;
  #buffer: Uint8Array<ArrayBuffer> | null = null;
  #length = 0;
  #size = 0;
  /** Chunks handed over so far. */
  #sequence = 0;
  #spent = false;
  #failure: StoreError | null = null;

  constructor(id: MessageId, context: DraftContext) {
    this.id = id;
    this.#context = context;
  }

  write(octets: Uint8Array): void | Promise<void> {
    if (this.#spent || this.#failure !== null) return;
    this.#size += octets.length;
    const { buffers, budget } = this.#context;
    for (let rest = octets; rest.length > 0;) {
      if (this.#length === buffers.largest) this.spill();
      const room = rest.subarray(0, buffers.largest - this.#length);
      this.#append(room);
      rest = rest.subarray(room.length);
    }
    return budget.room();
  }

  // On the path of every message: one promise for the answer of the worker, one for what follows from it.
  commit(message: NewMessage): Promise<void> {
    if (this.#spent) {
      return Promise.reject(new StoreError('failed', 'the draft has been committed or discarded already'));
    }
    if (this.#failure !== null) {
      this.discard();
      return Promise.reject(this.#failure);
    }
    this.#spent = true;
    const { link, budget, onQueued, onAccepted } = this.#context;
    const length = this.#length;
    const commit = {
      id: this.id,
      message,
      size: this.#size,
      sequence: this.#sequence,
      content: this.#handOver(),
    };
    return link.commit(commit).then(
      () => {
        budget.written(length);
        onAccepted?.(this.id, message);
        if (message.status === 'queued') onQueued?.();
      },
      async (error: unknown) => {
        budget.written(length);
        // It may have been stored before the thread died; if so, the commit must not report a failure.
        if (!(error instanceof ThreadLost) || !(await this.#isStored())) throw error;
        onAccepted?.(this.id, message);
        if (message.status === 'queued') onQueued?.();
      },
    );
  }

  discard(): void {
    if (this.#spent) return;
    this.#spent = true;
    const { budget, buffers } = this.#context;
    budget.drop(this, this.#length);
    if (this.#buffer !== null) buffers.give([this.#buffer.buffer]);
    this.#buffer = null;
    this.#length = 0;
    if (this.#sequence === 0) return;
    // Where it fails, the store is down or closed: then the next start removes the chunks.
    this.#context.link.call({ kind: 'discard', id: this.id }).catch(() => undefined);
  }

  /** Sends on what is held, as a chunk of its own. */
  spill(): void {
    const content = this.#handOver();
    if (content === null) return;
    const { link, budget, buffers } = this.#context;
    const { buffer, length } = content;
    const piece = { buffer, start: 0, length, returns: buffer.byteLength === buffers.largest };
    link
      .call({ kind: 'chunk', id: this.id, sequence: this.#sequence++, piece }, buffer)
      .catch((error: unknown) => {
        this.#failure ??= error instanceof StoreError ? error : new StoreError('failed', reason(error));
      })
      .finally(() => budget.written(length))
      // Nothing above can fail.
      .catch(() => undefined);
  }

  #isStored(): Promise<boolean> {
    return this.#context.link.ask('reading', 'message', this.id).then(
      (message) => message !== null,
      () => false,
    );
  }

  #append(octets: Uint8Array): void {
    const length = this.#length + octets.length;
    this.#buffer = this.#context.buffers.grow(this.#buffer, this.#length, length, this.#sequence > 0);
    this.#buffer.set(octets, this.#length);
    this.#length = length;
    this.#context.budget.hold(this, octets.length);
  }

  #handOver(): Uint8Array<ArrayBuffer> | null {
    this.#context.budget.hand(this, this.#length);
    const content = this.#buffer?.subarray(0, this.#length) ?? null;
    this.#buffer = null;
    this.#length = 0;
    return content;
  }
}
