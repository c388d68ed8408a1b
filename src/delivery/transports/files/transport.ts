import { resolve } from 'node:path';
import { Recent } from '../../../base/bounded-map.js';
import type { Delivery, Shipment, Transport } from '../transport.js';
import { finalTraceFields, preceded, unixLines } from './content.js';
import { FLAT, Folder, MAILDIR } from './folder.js';
import { emlName, maildirName } from './name.js';
import type { FilesTarget } from './target.js';

export interface FilesEnvironment {
  /** The server's own name, a part of the names of files in a maildir. */
  readonly hostname: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Names of files that are remembered as written. */
const REMEMBERED = 10_000;

/** Opens a folder as a transport. Nothing is made or read before the first message. */
export function openFilesTransport(target: FilesTarget, environment: FilesEnvironment): Transport {
  return new FilesTransport(target, environment);
}

/**
 * Delivers into a folder: one file for each shipment, in a maildir with the line ends of Unix, else octet
 * for octet, below the fields of a final delivery.
 *
 * A file is written once. What this transport has written it remembers; what a server before it has, and
 * could not note down, it looks for where a message is older than the transport.
 */
class FilesTransport implements Transport {
  readonly name: string;
  readonly #form: FilesTarget['form'];
  readonly #folder: Folder;
  readonly #hostname: string;
  readonly #openedAt: number;
  readonly #written = new Recent<string, string>(REMEMBERED);

  constructor({ form, directory }: FilesTarget, { hostname, now = Date.now }: FilesEnvironment) {
    const path = resolve(directory);
    this.name = `${form}:${path}`;
    this.#form = form;
    this.#folder = new Folder(path, form === 'maildir' ? MAILDIR : FLAT);
    this.#hostname = hostname;
    this.#openedAt = now();
  }

  destination(): string {
    return this.name;
  }

  async send(shipment: Shipment, signal: AbortSignal): Promise<readonly Delivery[]> {
    if (signal.aborted) return this.#all(shipment, { outcome: 'deferred', reply: 'the server is stopping' });
    try {
      const path = await this.#deliver(shipment);
      return this.#all(shipment, { outcome: 'delivered', reply: `written to ${path}` });
    } catch (error) {
      if (!isSystemError(error)) throw error;
      const reply = `cannot write to the folder: ${error.message}`;
      return this.#all(shipment, { outcome: 'deferred', reply, transportFailed: true });
    }
  }

  async close(): Promise<void> {}

  async #deliver(shipment: Shipment): Promise<string> {
    const maildir = this.#form === 'maildir';
    const name = maildir ? maildirName(shipment, this.#hostname) : emlName(shipment);
    const path =
      this.#written.get(name) ??
      (shipment.receivedAt <= this.#openedAt ? await this.#folder.find(name) : null) ??
      (await this.#write(name, shipment, maildir));
    this.#written.set(name, path);
    return path;
  }

  #write(name: string, shipment: Shipment, maildir: boolean): Promise<string> {
    const content = preceded(finalTraceFields(shipment), shipment.content());
    return this.#folder.write(name, maildir ? unixLines(content) : content);
  }

  #all(
    { recipients }: Shipment,
    what: Pick<Delivery, 'outcome' | 'reply' | 'transportFailed'>,
  ): readonly Delivery[] {
    return recipients.map(({ position }) => ({
      position,
      enhancedCode: null,
      remoteHost: null,
      tls: null,
      ...what,
    }));
  }
}

/** What the operating system refused, apart from what the store did. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}
