import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { AbortReason } from '../../protocol/index.js';
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
  #reading = false;
  /** Wakes the reader that waits for a piece. */
  #wakeReader: (() => void) | null = null;
  /** Wakes the writer that waits for the piece to be taken. */
  #wakeWriter: (() => void) | null = null;

  /** @param decision what the reader makes of the body; settles once it is done. */
  decision: Promise<Awaited<MessageDecision>> | null = null;

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
    return this.decision as Promise<Awaited<MessageDecision>>;
  }

  abort(reason: AbortReason): void {
    if (this.#state === 'open') this.#state = new BodyAborted(reason);
    this.#wake();
  }

  [Symbol.asyncIterator](): this {
    this.#reading = true;
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

  /** Reading has begun, and the reader has neither come to the end nor given up. */
  get beingRead(): boolean {
    return this.#reading;
  }

  /** The handler has decided: a reader that still reads, or begins to, gets an error, and what is left is dropped. */
  decided(): void {
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
