import { constants, fstatSync, openSync, write } from 'node:fs';
import type { Writable } from 'node:stream';
import { LOG } from '../limits.js';

/** About the octets of one write: as much as a pipe takes at once. */
const WRITE = 64 * 1024;
/** Milliseconds until a device that is busy (EAGAIN) is tried again. */
const BUSY_MS = 100;
/** Milliseconds until a device that failed is tried again. */
const FAILED_MS = 1_000;

/** Writes octets to a device, without blocking the event loop, and says how many of them it took. */
type Device = (
  octets: Uint8Array,
  done: (error: NodeJS.ErrnoException | null, written: number) => void,
) => void;

/**
 * Keeps log lines on their way to a device that may be slow, full or gone.
 *
 *     write(line) ──► waiting, at most LOG.waiting ──► one write under way ──► device
 *                └──► dropped, counted
 *
 * If a device fails or is busy, the same octets are tried again, so that nothing is lost until the buffer is full. As
 * soon as a write succeeds, `onLost` is called with the number of lines dropped meanwhile.
 */
export class LogStream {
  readonly #device: Device;
  readonly #onLost: (lines: number) => void;
  #waiting: string[] = [];
  #length = 0;
  #lost = 0;
  /** The octets that are being written, or are to be tried again. */
  #current: Uint8Array | null = null;
  #idle: (() => void)[] = [];

  /**
   * @param onLost called when lines can be written again, with how many were dropped meanwhile
   * @param onDrop called for each line that is dropped
   */
  constructor(
    device: Device,
    onLost: (lines: number) => void,
    private readonly onDrop: () => void = () => undefined,
  ) {
    this.#device = device;
    this.#onLost = onLost;
  }

  /** Takes one line with its line end, or drops it if too much waits. Never blocks and never throws. */
  write(line: string): void {
    if (this.#length + line.length > LOG.waiting.initial) {
      this.#lost++;
      this.onDrop();
      return;
    }
    this.#waiting.push(line);
    this.#length += line.length;
    this.#next();
  }

  /** Resolves when all lines are written, or after `ms` milliseconds. */
  drained(ms: number): Promise<void> {
    if (this.#current === null) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Begins the next write, if none is under way. */
  #next(): void {
    if (this.#current !== null) return;
    if (this.#waiting.length === 0) {
      for (const idle of this.#idle.splice(0)) idle();
      return;
    }
    let count = 0;
    let length = 0;
    while (count < this.#waiting.length && (count === 0 || length < WRITE)) {
      length += this.#waiting[count++]?.length ?? 0;
    }
    this.#length -= length;
    this.#put(Buffer.from(this.#waiting.splice(0, count).join('')));
  }

  #put(octets: Uint8Array): void {
    this.#current = octets;
    this.#device(octets, (error, written) => {
      const rest = octets.subarray(written);
      if (error !== null) this.#later(rest, error.code === 'EAGAIN' ? BUSY_MS : FAILED_MS);
      else if (rest.length > 0) this.#put(rest);
      else this.#written();
    });
  }

  #later(octets: Uint8Array, ms: number): void {
    setTimeout(() => this.#put(octets), ms).unref();
  }

  #written(): void {
    this.#current = null;
    const lost = this.#lost;
    this.#lost = 0;
    // `onLost` writes a line of its own, which comes after those that waited already.
    if (lost > 0) this.#onLost(lost);
    this.#next();
  }
}

/** Returns a stream of Node as a device. */
export function streamDevice(stream: Writable): Device {
  // The write's callback gets the same error; without a listener, the event would end the process.
  stream.on('error', () => undefined);
  return (octets, done) => {
    stream.write(octets, (error) => {
      done(error ?? null, error ? 0 : octets.length);
    });
  };
}

/**
 * Returns standard error as a device.
 *
 * Node writes to pipes and sockets without blocking. It writes to terminals synchronously, and a write to a pipe by
 * its descriptor would occupy a thread of the pool, which the end of the process waits for. So a terminal is opened
 * once more without blocking, and a file is written by its descriptor.
 */
export function standardError(): Device {
  const kind = fstatSync(process.stderr.fd);
  if (kind.isFIFO() || kind.isSocket()) return streamDevice(process.stderr);
  return descriptorDevice(process.stderr.isTTY ? reopened(process.stderr.fd) : process.stderr.fd);
}

function descriptorDevice(descriptor: number): Device {
  return (octets, done) => {
    write(descriptor, octets, 0, octets.length, null, done);
  };
}

/**
 * Opens the same device with a state of its own; returns the descriptor itself if the system has no way to do that.
 */
function reopened(descriptor: number): number {
  try {
    return openSync(`/dev/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return descriptor;
  }
}
