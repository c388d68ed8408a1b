import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { stdin } from 'node:process';
import type { Readable } from 'node:stream';
import { CliError, UsageError } from '../../error.js';

/** Octets that a message may be made of: more than servers take. */
const MOST_OCTETS = 256 * 1024 * 1024;

/** Reads the files of one message, and counts their octets. */
export class Input {
  #octets = 0;
  #stdinBy: string | null = null;

  /**
   * Returns the octets of a file; `-` is standard input, which can be read once.
   *
   * @param option that names the file, for errors
   */
  async file(option: string, name: string): Promise<Buffer> {
    if (name === '-') return this.#all(option, 'standard input', this.#stdin(option));
    try {
      if ((await stat(name)).isDirectory()) throw new Error('it is a folder');
      return await this.#all(option, name, createReadStream(name));
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new CliError(`${option}: cannot read ${name}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Returns a text that was given as it is, as `@FILE`, or as `-`. */
  async text(option: string, given: string | undefined): Promise<string | null> {
    if (given === undefined) return null;
    if (given !== '-' && !given.startsWith('@')) return given;
    return (await this.file(option, given === '-' ? given : given.slice(1))).toString('utf8');
  }

  #stdin(option: string): Readable {
    if (this.#stdinBy !== null) {
      throw new UsageError(
        `${option}: ${this.#stdinBy} reads standard input already; give a file to one of them`,
      );
    }
    this.#stdinBy = option;
    return stdin;
  }

  async #all(option: string, name: string, stream: Readable): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of stream as AsyncIterable<Buffer>) {
      this.#octets += piece.length;
      if (this.#octets > MOST_OCTETS) {
        throw new UsageError(
          `${option}: with ${name}, the message has more than ${MOST_OCTETS / 1024 / 1024} MiB`,
        );
      }
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }
}
