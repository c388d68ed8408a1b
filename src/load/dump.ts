import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Envelope } from '../server/index.js';

/** Keeps messages in a folder: `ID.eml` has the octets as they came, `ID.json` the envelope. */
export class Dump {
  #count = 0;

  /** @param prefix of the names, which no other process has */
  constructor(
    private readonly folder: string,
    private readonly prefix: string,
  ) {}

  async prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
  }

  open(): DumpedMessage {
    return new DumpedMessage(join(this.folder, `${this.prefix}${String(++this.#count).padStart(8, '0')}`));
  }
}

/** One message on its way to the disk. A name that ends in `.eml` is there once the message is whole. */
export class DumpedMessage {
  readonly #stream: WriteStream;
  #failed: Error | null = null;

  constructor(private readonly path: string) {
    this.#stream = createWriteStream(`${path}.part`);
    this.#stream.on('error', (error) => {
      this.#failed = error;
    });
  }

  /** A promise holds the sender back. */
  write(octets: Uint8Array): void | Promise<void> {
    if (this.#failed !== null) throw this.#failed;
    if (!this.#stream.write(octets)) return once(this.#stream, 'drain').then(() => undefined);
  }

  async keep(envelope: Envelope | null): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (this.#failed !== null) reject(this.#failed);
      this.#stream.on('error', reject);
      this.#stream.end(resolve);
    });
    const facts = {
      from: envelope?.reversePath?.address ?? null,
      to: envelope?.recipients.map(({ forwardPath }) => forwardPath.address) ?? [],
    };
    await writeFile(`${this.path}.json`, `${JSON.stringify(facts)}\n`);
    await rename(`${this.path}.part`, `${this.path}.eml`);
  }

  drop(): void {
    const remove = (): void => void rm(`${this.path}.part`, { force: true }).catch(() => undefined);
    // One that has failed is closed already.
    if (this.#stream.closed) remove();
    else this.#stream.once('close', remove).destroy();
  }
}
