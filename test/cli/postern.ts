import { spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { run } from '../../src/cli/run.js';
import type { NewMessage, Store } from '../../src/store/port.js';
import { openSqliteStore } from '../../src/store/sqlite/index.js';

/** The result of a command line. */
export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Runs a command line in this process. */
export async function postern(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Outcome> {
  const stdout = new Collector();
  const stderr = new Collector();
  const exitCode = await run(args, { stdout, stderr, environment });
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

/** Runs a command line as a process of its own. */
export async function spawnPostern(
  args: readonly string[],
  {
    environment = {},
    cwd,
    main = MAIN,
    via = [],
  }: {
    environment?: Record<string, string>;
    cwd?: string;
    main?: string;
    /** Another command that runs the command line. */
    via?: readonly string[];
  } = {},
): Promise<Outcome> {
  const [command = process.execPath, ...rest] = [...via, process.execPath, main, ...args];
  const child = spawn(command, rest, {
    cwd,
    env: { PATH: process.env['PATH'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [new Collector(), new Collector()];
  child.stdout.pipe(stdout);
  child.stderr.pipe(stderr);
  const exitCode = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

/** Opens the store of a running server; it is closed after the test. */
export async function runningStore(directory: string, now: () => number = Date.now): Promise<Store> {
  const store = await openSqliteStore({ directory, exclusive: true, now });
  onTestFinished(() => store.close());
  return store;
}

/** Puts a message into a store. */
export async function accept(
  store: Store,
  domainId: number,
  facts: Partial<NewMessage> = {},
  content: Uint8Array = Buffer.from('Subject: x\r\n\r\nHello\r\n'),
): Promise<number> {
  const draft = store.open();
  await draft.write(content);
  await draft.commit({
    domainId,
    reversePath: 'bounce@example.com',
    recipients: [{ forwardPath: 'one@example.net' }],
    from: 'app@example.com',
    subject: 'Hello',
    tags: [],
    listUnsubscribe: null,
    messageId: '<1@example.com>',
    receivedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    tls: null,
    clientAddress: '127.0.0.1',
    status: 'held',
    ...facts,
  });
  return draft.id;
}

/** Puts many messages into a store, in one go: their ids are in order. */
export function acceptMany(
  store: Store,
  domainId: number,
  count: number,
  facts: (index: number) => Partial<NewMessage> = () => ({}),
): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => accept(store, domainId, facts(index))));
}

export class Collector extends Writable {
  readonly #pieces: Buffer[] = [];

  override _write(piece: Buffer, _encoding: string, done: () => void): void {
    this.#pieces.push(piece);
    done();
  }

  octets(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  text(): string {
    return this.octets().toString('utf8');
  }
}
