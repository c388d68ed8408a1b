import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Envelope } from '../../server/index.js';

/** Keeps messages in a folder: `ID.eml` has the octets as received, `ID.json` the envelope. */
export class Dump {
  #count = 0;
  #warned = false;

  /** @param prefix of the file names; no other process uses it */
  constructor(
    private readonly folder: string,
    private readonly prefix: string,
  ) {}

  /** Continues the numbers of an earlier sink. Rejects if the folder cannot be written. */
  async prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const probe = join(this.folder, `${this.prefix}probe.part`);
    await writeFile(probe, '');
    await rm(probe, { force: true });
    for (const name of await readdir(this.folder)) {
      const number = /^(\d{8,})\./.exec(name.startsWith(this.prefix) ? name.slice(this.prefix.length) : '');
      if (number !== null) this.#count = Math.max(this.#count, Number(number[1]));
    }
  }

  open(): DumpedMessage {
    const name = `${this.prefix}${String(++this.#count).padStart(8, '0')}`;
    return new DumpedMessage(join(this.folder, name), this.#tell);
  }

  // The client gets only `451`. A full disk fails every message, so the operator sees the error once.
  readonly #tell = (error: Error): void => {
    if (!this.#warned) process.emitWarning(`a message could not be kept: ${error.message}`);
    this.#warned = true;
  };
}

/** One message on its way to the disk. A file whose name ends in `.eml` is complete. */
export class DumpedMessage {
  readonly #stream: WriteStream;
  #failed: NodeJS.ErrnoException | null = null;

  constructor(
    private readonly path: string,
    private readonly failed: (error: Error) => void,
  ) {
    this.#stream = createWriteStream(`${path}.part`, { flags: 'wx' });
    this.#stream.on('error', (error) => {
      this.#failed = error;
      this.failed(error);
    });
  }

  /** Returns a promise if the sender has to wait for the disk. */
  write(octets: Uint8Array): void | Promise<void> {
    if (this.#failed !== null) throw this.#failed;
    if (!this.#stream.write(octets)) return once(this.#stream, 'drain').then(() => undefined);
  }

  /** Completes the files. Rejects if the message cannot be kept, and then leaves no part of it behind. */
  async keep(envelope: Envelope | null): Promise<void> {
    try {
      await this.#keep(envelope);
    } catch (error) {
      this.failed(error as Error);
      this.drop();
      throw error;
    }
  }

  async #keep(envelope: Envelope | null): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (this.#failed !== null) reject(this.#failed);
      // Registered only now: if a write has failed before, the callback gets that error, too.
      this.#stream.end((error?: Error | null) => {
        if (error instanceof Error) reject(error);
        else resolve();
      });
    });
    const facts = {
      from: envelope?.reversePath?.address ?? null,
      to: envelope?.recipients.map(({ forwardPath }) => forwardPath.address) ?? [],
    };
    // If two sinks share a folder, the later message is refused; the earlier one is not replaced.
    await writeFile(`${this.path}.json`, `${JSON.stringify(facts)}\n`, { flag: 'wx' });
    await rename(`${this.path}.part`, `${this.path}.eml`);
  }

  drop(): void {
    const remove = (): void => {
      // The file belongs to another sink.
      if (this.#failed?.code === 'EEXIST') return;
      void rm(`${this.path}.part`, { force: true }).catch(() => undefined);
    };
    // A stream that has failed is closed already.
    if (this.#stream.closed) remove();
    else this.#stream.once('close', remove).destroy();
  }
}
