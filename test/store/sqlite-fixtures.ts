/** Looking at a SQLite store from outside, and running others on it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import type { Column } from '../../src/store/sqlite/wire/column.js';
import type { CommitMessage, Request } from '../../src/store/sqlite/wire/operations.js';
import { packCommit, unpackCommits } from '../../src/store/sqlite/wire/packed.js';
import { newMessage } from './fixtures.js';

export function databaseFile(directory: string): string {
  return join(directory, 'postern.db');
}

export function withDatabase<T>(
  directory: string,
  work: (database: InstanceType<typeof DatabaseSync>) => T,
): T {
  const database = new DatabaseSync(databaseFile(directory));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

export function count(directory: string, table: 'chunk' | 'upload' | 'message'): number {
  return withDatabase(directory, (database) => {
    const row = database.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number };
    return row.n;
  });
}

/** A commit as the worker gets it: of a message with so many chunks before, and so many octets in the last one. */
export function commitRequest(call: number, id: number, chunks: number, length = 0): Request<CommitMessage> {
  const fields: Column[] = [];
  const end = { id, message: newMessage(1), size: length, sequence: chunks, content: null };
  packCommit(fields, call, end, length === 0 ? null : { buffer: 0, start: 0, length });
  const [request] = unpackCommits({ fields, buffers: [new ArrayBuffer(0)] });
  if (request === undefined) throw new Error('the commit did not arrive');
  return request;
}

/**
 * Transactions in the write-ahead log, as the format defines them: a header of 32 octets, then frames of
 * 24 octets and a page; a frame that ends a transaction has the size of the database in its second word.
 */
export function transactionsInLog(directory: string): number {
  const log = readFileSync(`${databaseFile(directory)}-wal`);
  const pageSize = log.readUInt32BE(8);
  const salt = log.subarray(16, 24);
  let transactions = 0;
  for (let at = 32; at + 24 + pageSize <= log.length; at += 24 + pageSize) {
    if (!log.subarray(at + 8, at + 16).equals(salt)) break; // Left over from before a checkpoint.
    if (log.readUInt32BE(at + 4) > 0) transactions++;
  }
  return transactions;
}

export interface Child {
  /** Lines of its standard output, as they come. */
  readonly lines: AsyncIterator<string, undefined>;
  /** Everything that it wrote to standard error. */
  errors(): string;
  /** Ends it as a power cut would, and waits until it is gone. */
  kill(): Promise<void>;
  readonly exited: Promise<number | null>;
}

/** Runs `children/<script>`, if asked so by way of another command. */
export function runChild(script: string, args: readonly string[], via: readonly string[] = []): Child {
  const path = fileURLToPath(new URL(`./children/${script}`, import.meta.url));
  const [command = process.execPath, ...rest] = [...via, process.execPath, path, ...args];
  const child: ChildProcess = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr?.on('data', (text: Buffer) => (errors += text.toString()));
  const exited = new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      errors += error.message;
      resolve(null);
    });
    child.on('close', (code) => resolve(code));
  });
  if (child.stdout === null) throw new Error('no standard output');
  return {
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    errors: () => errors,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    exited,
  };
}

/** The child's next line, which must come. */
export async function nextLine(child: Child): Promise<string> {
  const line = await child.lines.next();
  if (line.done === true) throw new Error(`the child ended: ${child.errors()}`);
  return line.value;
}
