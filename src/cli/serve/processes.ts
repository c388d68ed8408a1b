/** Several server processes on one machine that share their ports. */
import cluster, { type Worker } from 'node:cluster';
import type { Context } from '../context.js';
import { CliError } from '../error.js';
import type { Output } from '../output.js';
import { stopSignal } from './signals.js';

/** How long to wait before a process that has ended is replaced, in milliseconds. */
const REPLACE_MS = 1_000;

interface Ready {
  readonly ready: string;
}

/** True for a process that {@link runProcesses} has started, and that is not the first one. */
export function isFurtherProcess(): boolean {
  return (cluster.worker?.id ?? 1) > 1;
}

/** Says that the server is ready: one of several processes notifies the process that has started it. */
export async function sayReady(stdout: Output, line: string): Promise<void> {
  if (cluster.isPrimary) return stdout.line(line);
  const message: Ready = { ready: line };
  process.send?.(message);
}

/** True if this process is to start others and serve nothing itself. */
export function startsOthers(processes: number): boolean {
  return processes > 1 && cluster.isPrimary;
}

/**
 * Runs so many server processes until SIGTERM or SIGINT, and replaces those that end. Resolves when all have stopped. The
 * ports are opened once, and each process gets connections in turn.
 *
 * @throws CliError if a process ends before it was ready
 */
export async function runProcesses(processes: number, { stdout, stderr }: Context): Promise<void> {
  const over = new AbortController();
  const stop = stopSignal(over.signal).then((signal) => {
    over.abort(signal);
  });
  try {
    // The first one alone: it may make the schema, the certificate and the first domain.
    const line = await started(cluster.fork());
    await Promise.all(Array.from({ length: processes - 1 }, () => started(cluster.fork())));
    if (!over.signal.aborted) await stdout.line(line);
    cluster.on('exit', (worker, code, signal) => {
      if (over.signal.aborted) return;
      const how = signal ? `by ${signal}` : `with status ${code}`;
      void stderr.attempt(
        `postern: process ${worker.process.pid} has ended ${how}; another one is started\n`,
      );
      setTimeout(() => {
        // If it ends as well, it is replaced in turn.
        if (!over.signal.aborted) cluster.fork();
      }, REPLACE_MS);
    });
    await stop;
  } finally {
    over.abort();
    await Promise.all(Object.values(cluster.workers ?? {}).map(stopped));
  }
}

/** Resolves to what a process says when it is ready. */
function started(worker: Worker): Promise<string> {
  return new Promise((resolve, reject) => {
    worker.once('message', ({ ready }: Ready) => resolve(ready));
    worker.once('exit', (code) =>
      reject(new CliError(`a server process has ended with status ${code} before it was ready`)),
    );
  });
}

function stopped(worker: Worker | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (worker === undefined || worker.isDead()) {
      resolve();
      return;
    }
    worker.once('exit', () => resolve());
    worker.process.kill('SIGTERM');
  });
}
