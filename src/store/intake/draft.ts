import { StoreError, type Draft, type MessageId, type NewMessage } from '../port.js';
import type { Budget, Holder } from './budget.js';
import type { BufferPool } from './buffers.js';

/** The end of a message, as the draft knows it. */
export interface NewCommit {
  readonly id: MessageId;
  readonly message: NewMessage;
  /** Octets of the whole content. */
  readonly size: number;
  /** How many chunks came before. */
  readonly sequence: number;
  /** The last octets, null if nothing is left to write. They have their buffer to themselves. */
  readonly content: Uint8Array<ArrayBuffer> | null;
}

/** The part of an adapter that takes messages from drafts. Each buffer changes hands with the call. */
export interface Intake {
  /** Resolves once the message is durable. If it rejects, the message is not stored, as {@link Draft.commit} says. */
  commit(commit: NewCommit): Promise<unknown>;
  /** Writes a chunk. Rejects with a {@link StoreError}. */
  chunk(id: MessageId, sequence: number, octets: Uint8Array<ArrayBuffer>): Promise<unknown>;
  /** Removes the chunks of a message that is given up. */
  discard(id: MessageId): Promise<unknown>;
}

/** The objects that the drafts of one store share. */
export interface DraftContext {
  readonly intake: Intake;
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
export class BufferedDraft implements Draft, Holder {
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

  // On the path of every message: one promise for the answer of the store, one for what follows from it.
  commit(message: NewMessage): Promise<void> {
    if (this.#spent) {
      return Promise.reject(new StoreError('failed', 'the draft has been committed or discarded already'));
    }
    if (this.#failure !== null) {
      this.discard();
      return Promise.reject(this.#failure);
    }
    this.#spent = true;
    const { intake, budget, onQueued, onAccepted } = this.#context;
    const length = this.#length;
    const commit = {
      id: this.id,
      message,
      size: this.#size,
      sequence: this.#sequence,
      content: this.#handOver(),
    };
    return intake.commit(commit).then(
      () => {
        budget.written(length);
        onAccepted?.(this.id, message);
        if (message.status === 'queued') onQueued?.();
      },
      (error: unknown) => {
        budget.written(length);
        throw error;
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
    this.#context.intake.discard(this.id).catch(() => undefined);
  }

  /** Sends on what is held, as a chunk of its own. */
  spill(): void {
    const content = this.#handOver();
    if (content === null) return;
    const { intake, budget } = this.#context;
    const { length } = content;
    intake
      .chunk(this.id, this.#sequence++, content)
      .catch((error: unknown) => {
        this.#failure ??= error instanceof StoreError ? error : new StoreError('failed', String(error));
      })
      .finally(() => budget.written(length))
      // Nothing above can fail.
      .catch(() => undefined);
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
