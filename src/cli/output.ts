import type { Writable } from 'node:stream';

import { isReaderGone } from './error.js';
import { PipeReader } from './pipe-reader.js';

/** How long {@link Output.attempt} waits, in milliseconds. */
const ATTEMPT_MS = 1_000;

/** A stream as processes have it: the further properties are those of standard output. */
type OutputStream = Writable & { readonly columns?: number; readonly isTTY?: boolean; readonly fd?: number };

/**
 * A stream that commands write to. Each write waits until the octets are taken, so that output of any size needs the
 * memory of one piece. If the reader is gone, a write rejects with `EPIPE`.
 */
export class Output {
  readonly #stream: OutputStream;

  constructor(stream: OutputStream) {
    this.#stream = stream;
    // The write's callback gets the same error; without a listener, the event would end the process.
    stream.on('error', () => undefined);
  }

  /** Width of the terminal in columns; undefined if the stream is not a terminal. */
  get columns(): number | undefined {
    return this.#stream.columns;
  }

  /** True if the stream is a terminal. */
  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Resolves to what watches the readers of the stream; null if it is not a pipe, or none can be watched. */
  async reader(): Promise<PipeReader | null> {
    const { fd } = this.#stream;
    return fd === undefined ? null : PipeReader.of(fd);
  }

  write(piece: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(piece, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /**
   * Writes a line of a server that does not go to its log. Neither a full device nor a missing reader stops the
   * server: resolves when the octets are taken, when they cannot be taken, or after a second. Rejects with `EPIPE` if
   * the reader is gone.
   */
  async attempt(piece: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ATTEMPT_MS);
    });
    const write = this.write(piece).catch((error: unknown) => {
      if (isReaderGone(error)) throw error;
    });
    await Promise.race([write, enough]).finally(() => clearTimeout(timer));
  }

  /** Writes one line of text. */
  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** Writes one line of JSON. */
  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }
}
