import type { AbortReason } from '../../protocol/index.js';
import type { ContentSink, MessageDecision } from '../handler.js';

const REASONS: Readonly<Record<AbortReason, string>> = {
  refused: 'the content was refused',
  reset: 'the client gave the message up',
  disconnected: 'the client disconnected in the content',
};

/** The content did not come to its end; whatever was made of it must go. */
export class BodyAborted extends Error {
  override readonly name = 'BodyAborted';
  constructor(readonly reason: AbortReason) {
    super(REASONS[reason]);
  }
}

/**
 * A sink that an async iterator reads from, one piece at a time: the peer is held back until the reader has
 * taken the piece before. A reader that stops early (break, return, throw) lets the rest be dropped.
 */
export class BodyStream implements ContentSink, AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  #piece: Uint8Array | null = null;
  #state: 'open' | 'ended' | BodyAborted | 'unwanted' = 'open';
  /** Wakes the reader that waits for a piece. */
  #wakeReader: (() => void) | null = null;
  /** Wakes the writer that waits for the piece to be taken. */
  #wakeWriter: (() => void) | null = null;

  /** @param decision what the reader makes of the body; settles once it is done. */
  decision: Promise<Awaited<MessageDecision>> | null = null;

  write(octets: Uint8Array): void | Promise<void> {
    if (this.#state === 'unwanted') return;
    this.#piece = octets;
    this.#wake();
    return new Promise((resolve) => {
      this.#wakeWriter = resolve;
    });
  }

  end(): MessageDecision {
    if (this.#state === 'open') this.#state = 'ended';
    this.#wake();
    return this.decision as Promise<Awaited<MessageDecision>>;
  }

  abort(reason: AbortReason): void {
    if (this.#state === 'open') this.#state = new BodyAborted(reason);
    this.#wake();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      const piece = this.#piece;
      if (piece !== null) {
        this.#taken();
        return { done: false, value: piece };
      }
      if (this.#state instanceof BodyAborted) throw this.#state;
      if (this.#state !== 'open') return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.unwanted();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** The reader is done, whether it read everything or not. */
  unwanted(): void {
    if (this.#state === 'open') this.#state = 'unwanted';
    this.#taken();
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
