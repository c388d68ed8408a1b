import { connect, type Socket } from 'node:net';
import { Fault, Stopped } from './fault.js';
import { inWords } from './tls.js';

/** Where a far side is. */
export interface Place {
  /** A name, or an address. Of a name, every address is tried (RFC 8305). */
  readonly address: string;
  readonly port: number;
  /** What it is called. */
  readonly host: string;
}

/**
 * Opens a TCP connection.
 *
 * @throws Fault where that fails, takes longer than `patience` milliseconds, or the signal says stop
 */
export function openSocket(
  { address, port, host }: Place,
  patience: number,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true, autoSelectFamily: true });
    const fail = (why: string): void => {
      finish();
      socket.on('error', () => undefined).destroy();
      reject(new Fault('connect', `${host} cannot be reached: ${why}`, null));
    };
    const failed = (error: Error): void => fail(inWords(error));
    const stop = (): void => {
      finish();
      socket.on('error', () => undefined).destroy();
      reject(new Stopped());
    };
    const overdue = setTimeout(() => fail('it did not answer in time'), patience);
    const finish = (): void => {
      clearTimeout(overdue);
      signal.removeEventListener('abort', stop);
      socket.off('error', failed);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      finish();
      resolve(socket);
    });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}
