import { PassThrough } from 'node:stream';
import type { AbortReason } from '../protocol/index.js';
import type { ContentSink, MessageDecision } from '../server/index.js';
import type { SMTPServerDataStream } from './types.js';

/** The stream that `onData` reads. */
export class DataStream extends PassThrough implements SMTPServerDataStream {
  byteLength = 0;
  sizeExceeded = false;

  /** @param limit octets above which {@link sizeExceeded} is true */
  constructor(private readonly limit: number) {
    super();
  }

  count(octets: number): void {
    this.byteLength += octets;
    this.sizeExceeded = this.byteLength > this.limit;
  }
}

/** Writes the content of a message into a {@link DataStream}, and holds the client back while its reader is busy. */
export class StreamSink<Answer> implements ContentSink {
  /** Lets a client go on that is held back. */
  #release: (() => void) | null = null;

  /**
   * @param answered the answer of `onData`: it counts once the content is there
   * @param decide makes a decision of it; called at the end of the content
   */
  constructor(
    private readonly stream: DataStream,
    private readonly answered: Promise<Answer>,
    private readonly decide: (answer: Answer) => Awaited<MessageDecision>,
  ) {
    const release = (): void => {
      const waiting = this.#release;
      this.#release = null;
      waiting?.();
    };
    stream.on('drain', release);
    stream.on('close', release);
    const drain = (): void => {
      // An answer without a reader: what is left of the content is dropped, or the client would wait for ever.
      if (stream.readableFlowing === null && stream.listenerCount('readable') === 0) stream.resume();
    };
    answered.then(drain, drain);
  }

  write(octets: Uint8Array): void | Promise<void> {
    const { stream } = this;
    stream.count(octets.length);
    // A reader that destroys the stream wants no more of it.
    if (stream.destroyed || stream.write(octets)) return undefined;
    return new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  end(): MessageDecision {
    if (!this.stream.destroyed) this.stream.end();
    return this.answered.then(this.decide);
  }

  abort(reason: AbortReason): void {
    const { stream } = this;
    // A stream that no one hears fails would end the process.
    if (stream.listenerCount('error') === 0) stream.destroy();
    else stream.destroy(new Error(REASONS[reason]));
  }
}

const REASONS: Readonly<Record<AbortReason, string>> = {
  refused: 'The message was refused',
  reset: 'The client gave the message up',
  disconnected: 'Connection closed before the message was received in full',
};
