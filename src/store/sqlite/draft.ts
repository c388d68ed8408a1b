import { type DeliveryTerms, StoreError, type Draft, type MessageId, type NewMessage } from '../port.js';
import type { Budget, Holder } from './budget.js';
import type { BufferPool } from './buffers.js';
import { reason, ThreadLost } from './errors.js';
import type { WorkerLink } from './link.js';
import type { Piece } from './operations.js';
import { plainFulfilment } from './remote.js';

/** What the drafts of one store share. */
export interface DraftContext {
  readonly link: Pick<WorkerLink, 'call'>;
  readonly budget: Budget;
  readonly buffers: BufferPool;
  /** Told of each message that has come onto the queue. */
  readonly onQueued?: () => void;
}

/**
 * A message on its way in. Its content gathers in one buffer of at most a chunk: a message that fits is
 * written whole by the commit, a larger one leaves a chunk whenever the buffer overflows.
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

  async commit(message: NewMessage): Promise<void> {
    if (this.#spent) throw new StoreError('failed', 'the draft has been committed or discarded already');
    if (this.#failure !== null) {
      this.discard();
      throw this.#failure;
    }
    this.#spent = true;
    try {
      await this.#sendCommit(message);
    } catch (error) {
      // It may have been stored before the thread died; then nobody may be told otherwise.
      if (!(error instanceof ThreadLost) || !(await this.#isStored())) throw error;
    }
    if (message.status === 'queued') this.#context.onQueued?.();
  }

  discard(): void {
    if (this.#spent) return;
    this.#spent = true;
    this.#context.budget.drop(this, this.#length);
    this.#buffer = null;
    this.#length = 0;
    if (this.#sequence === 0) return;
    // Where it fails, the store is down or closed: then the next start removes the chunks.
    this.#context.link.call({ kind: 'discard', id: this.id }).catch(() => undefined);
  }

  /** Sends on what is held, as a chunk of its own. */
  spill(): void {
    const piece = this.#handOver();
    if (piece === null) return;
    const { link, budget } = this.#context;
    link
      .call({ kind: 'chunk', id: this.id, sequence: this.#sequence++, piece }, piece.buffer)
      .catch((error: unknown) => {
        this.#failure ??= error instanceof StoreError ? error : new StoreError('failed', reason(error));
      })
      .finally(() => budget.written(piece.length))
      // Nothing above can fail.
      .catch(() => undefined);
  }

  async #sendCommit(message: NewMessage): Promise<void> {
    const { link, budget } = this.#context;
    const length = this.#length;
    const piece = this.#handOver();
    const { id } = this;
    try {
      await link.call(
        { kind: 'commit', id, message: plain(message), size: this.#size, sequence: this.#sequence, piece },
        piece?.buffer,
      );
    } finally {
      budget.written(length);
    }
  }

  #isStored(): Promise<boolean> {
    return this.#context.link.call({ kind: 'message', id: this.id }).then(
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

  #handOver(): Piece | null {
    this.#context.budget.hand(this, this.#length);
    const piece = this.#buffer === null ? null : { buffer: this.#buffer.buffer, length: this.#length };
    this.#buffer = null;
    this.#length = 0;
    return piece;
  }
}

/** Only what the contract names goes to the worker: anything else on the object might not travel. */
function plain(message: NewMessage): NewMessage {
  return {
    domainId: message.domainId,
    reversePath: message.reversePath,
    recipients: message.recipients.map(({ forwardPath, notify = null, originalRecipient = null }) => ({
      forwardPath,
      notify,
      originalRecipient,
    })),
    from: message.from,
    subject: message.subject,
    tags: message.tags,
    listUnsubscribe: message.listUnsubscribe,
    messageId: message.messageId,
    receivedAt: message.receivedAt,
    tls: message.tls,
    clientAddress: message.clientAddress,
    status: message.status,
    ...(message.terms === undefined ? {} : { terms: plainTerms(message.terms) }),
    ...(message.fulfils === undefined ? {} : { fulfils: plainFulfilment(message.fulfils) }),
  };
}

function plainTerms(terms: Partial<DeliveryTerms>): DeliveryTerms {
  const { ret = null, envelopeId = null, releaseAt = null, deliverBy = null } = terms;
  const { priority = 0, requireTls = false, body = null, smtputf8 = false } = terms;
  return { ret, envelopeId, releaseAt, deliverBy, priority, requireTls, body, smtputf8 };
}
