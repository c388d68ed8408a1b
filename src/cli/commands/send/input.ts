import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { stdin } from 'node:process';
import type { Readable } from 'node:stream';
import { CliError, UsageError } from '../../error.js';
import { COMMANDS } from '../../limits.js';

const MOST_OCTETS = COMMANDS.sentOctets.initial;

/**
 * Checks that at most one option reads standard input.
 *
 * @param given each option with its value
 * @throws UsageError
 */
export function expectOneReader(
  given: readonly (readonly [option: string, value: string | undefined])[],
): void {
  const [first, second] = given.filter(([, value]) => value === '-');
  if (first === undefined || second === undefined) return;
  throw new UsageError(`${second[0]}: ${first[0]} reads standard input already; give a file to one of them`);
}

/** Reads the files of one message, and counts their octets. */
export class Input {
  #octets = 0;

  /**
   * Returns the octets of a file; `-` is standard input.
   *
   * @param option that names the file, for errors
   */
  async file(option: string, name: string): Promise<Buffer> {
    if (name === '-') return this.#all(option, 'standard input', stdin);
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
