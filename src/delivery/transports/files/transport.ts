import { resolve } from 'node:path';
import { Recent } from '../../../base/bounded-map.js';
import type { Delivery, Shipment, Transport } from '../transport.js';
import { finalTraceFields, prepend, unixLines } from './content.js';
import { FLAT, Folder, MAILDIR } from './folder.js';
import { emlName, maildirName } from './name.js';
import type { FilesTarget } from './target.js';

interface FilesEnvironment {
  /** The server's own name, a part of the names of files in a maildir. */
  readonly hostname: string;
  /** Returns milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Largest number of names of written files that are remembered. */
const REMEMBERED = 10_000;

/** Opens a folder as a transport. It makes and reads nothing before the first message. */
export function openFilesTransport(target: FilesTarget, environment: FilesEnvironment): Transport {
  return new FilesTransport(target, environment);
}

/**
 * Delivers into a folder. Each shipment becomes one file: the fields of a final delivery, then the message, in a
 * maildir with LF line ends, otherwise octet for octet.
 *
 * Each file is written once. The transport remembers the files that it wrote. If a message is older than the
 * transport, it also looks in the folder: a server before it may have written the file and stopped before it recorded
 * that.
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
    if (shipment.isHeld?.() === false) {
      return this.#all(shipment, { outcome: 'deferred', reply: 'another server may have the message' });
    }
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
    const content = prepend(finalTraceFields(shipment), shipment.content());
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

/** Returns whether the operating system refused something; an error of the store is not such an error. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}
