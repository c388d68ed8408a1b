import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { type AbortReason, Reply } from '../../protocol/index.js';
import type { ContentSink, MessageBody, MessageDecision } from '../handler.js';

/** Why the content did not come to its end. `decided`: the handler had decided before it had read it. */
export type BodyAbortReason = AbortReason | 'decided';

const REASONS: Readonly<Record<BodyAbortReason, string>> = {
  refused: 'the content was refused',
  reset: 'the client gave the message up',
  disconnected: 'the client disconnected in the content',
  decided: 'onData had decided before the content was read: return a promise that waits for the reader',
};

/** The content did not come to its end; whatever was made of it must go. */
export class BodyAborted extends Error {
  override readonly name = 'BodyAborted';
  constructor(readonly reason: BodyAbortReason) {
    super(REASONS[reason]);
  }
}

/**
 * A sink that an async iterator reads from, one piece at a time: the peer is held back until the reader has
 * taken the piece before. A reader that stops early (break, return, throw) lets the rest be dropped.
 */
export class BodyStream implements ContentSink, MessageBody, AsyncIterator<Uint8Array> {
  #piece: Uint8Array | null = null;
  #state: 'open' | 'ended' | BodyAborted | 'unwanted' = 'open';
  #begun = false;
  #reading = false;
  /** Wakes the reader that waits for a piece. */
  #wakeReader: (() => void) | null = null;
  /** Wakes the writer that waits for the piece to be taken. */
  #wakeWriter: (() => void) | null = null;

  /** The decision of the reader; settles when the reader has returned. */
  readonly #decision: Promise<Awaited<MessageDecision>>;

  /** @param read called at once with the body; returns the decision on it. */
  constructor(read: (body: MessageBody) => MessageDecision) {
    this.#decision = this.#decide(read);
    // The decision is heard at the end of the content; until then a rejection is not unhandled.
    this.#decision.catch(() => undefined);
  }

  write(octets: Uint8Array): void | Promise<void> {
    if (this.#state !== 'open') return;
    this.#piece = octets;
    this.#wake();
    return new Promise((resolve) => {
      this.#wakeWriter = resolve;
    });
  }

  end(): MessageDecision {
    if (this.#state === 'open') this.#state = 'ended';
    this.#wake();
    return this.#decision;
  }

  abort(reason: AbortReason): void {
    if (this.#state === 'open') this.#state = new BodyAborted(reason);
    this.#wake();
  }

  /** @throws TypeError the second time: what is left then, nothing, would pass for the message. */
  [Symbol.asyncIterator](): this {
    if (this.#begun) throw new TypeError('the body can be read once: it was read already');
    this.#begun = this.#reading = true;
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      const piece = this.#piece;
      if (piece !== null) {
        this.#taken();
        return { done: false, value: piece };
      }
      if (this.#state === 'open') {
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
        continue;
      }
      this.#reading = false;
      if (this.#state instanceof BodyAborted) throw this.#state;
      return { done: true, value: undefined };
    }
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#reading = false;
    if (this.#state === 'open') this.#state = 'unwanted';
    this.#taken();
    return Promise.resolve({ done: true, value: undefined });
  }

  toReadable(): Readable {
    return Readable.from(this, { objectMode: false });
  }

  toWeb(): ReadableStream<Uint8Array> {
    return Readable.toWeb(this.toReadable()) as ReadableStream<Uint8Array>;
  }

  /** @throws TypeError if the decision is a yes before the body was read: most likely nothing waits for the reader. */
  async #decide(read: (body: MessageBody) => MessageDecision): Promise<Awaited<MessageDecision>> {
    try {
      const decision = await read(this);
      if (!this.#reading || refuses(decision)) return decision;
      throw new TypeError(
        'onData: said yes while the body was being read: return a promise that waits for the reader',
      );
    } finally {
      this.#decided();
    }
  }

  /** Gives a reader that still reads, or begins to, an error, and drops the rest of the content. */
  #decided(): void {
    if (this.#state === 'open' || (this.#reading && this.#state === 'ended')) {
      this.#state = new BodyAborted('decided');
    }
    this.#taken();
    this.#wake();
  }

  #taken(): void {
    this.#piece = null;
    const wake = this.#wakeWriter;
    this.#wakeWriter = null;
    wake?.();
  }

  #wake(): void {
    const wake = this.#wakeReader;
    this.#wakeReader = null;
    wake?.();
  }
}

function refuses(decision: Awaited<MessageDecision>): boolean {
  const replies: readonly unknown[] = Array.isArray(decision) ? decision : [decision];
  return replies.every((one) => one instanceof Reply && !one.positive);
}
