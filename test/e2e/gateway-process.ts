import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { MessageSummary } from '../../src/store/port.js';
import { MAIN, spawnPostern, type Outcome } from '../cli/postern.js';
import { scratch } from '../scratch.js';
import { Watch } from '../watch.js';

/** How long a start, a stop or a line of the log may take, in milliseconds. */
const TIMEOUT = 60_000;

export interface StartOptions {
  /** Data folder. Default: a new one that is gone after the test. */
  readonly data?: string;
  /** Default: one listener on a free port. */
  readonly listen?: readonly string[];
  /** Further arguments of `postern serve`. */
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** A command to run it by. */
  readonly by?: readonly string[];
  /** Takes what ends the process. Default: it ends after the test. */
  readonly atEnd?: AtEnd;
}

export type AtEnd = (end: () => Promise<void>) => void;

/** A line of `postern messages --json`. */
export interface MessageLine extends Omit<MessageSummary, 'id' | 'receivedAt'> {
  readonly id: string;
  readonly receivedAt: string;
}

/** A process that is ended after the test, and what it wrote. */
export class Running {
  #stdout = '';
  #stderr = '';
  readonly #watch = new Watch();
  readonly exited: Promise<number | null>;
  #over = false;

  constructor(
    readonly child: ChildProcess,
    atEnd: AtEnd = onTestFinished,
  ) {
    child.stdout?.on('data', (text: Buffer) => {
      this.#stdout += text.toString();
      this.#watch.came();
    });
    child.stderr?.on('data', (text: Buffer) => {
      this.#stderr += text.toString();
      this.#watch.came();
    });
    this.exited = new Promise((resolve) => {
      child.on('close', (code) => {
        this.#over = true;
        this.#watch.came();
        resolve(code);
      });
    });
    atEnd(async () => {
      child.kill('SIGKILL');
      await this.exited;
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /**
   * Waits until the process wrote what matches.
   *
   * @param time how long at most, in milliseconds
   */
  async says(pattern: RegExp, time = TIMEOUT): Promise<RegExpExecArray> {
    const match = (): RegExpExecArray | null => pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr);
    await this.#watch.until(() => match() !== null || this.#over, time);
    const found = match();
    if (found !== null) return found;
    const how = this.#over ? 'ended' : 'waited';
    throw new Error(`${how} without ${pattern}:\n${this.#stdout}${this.#stderr}`);
  }

  /** Signals the process and waits for its end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.exited;
  }
}

/** `postern serve`, as users run it. */
export class GatewayProcess extends Running {
  private constructor(
    child: ChildProcess,
    readonly data: string,
    atEnd?: AtEnd,
  ) {
    super(child, atEnd);
  }

  /** Spawns it without waiting for anything. */
  static async spawn(options: StartOptions = {}): Promise<GatewayProcess> {
    const data = options.data ?? join(await scratch(), 'data');
    const listen = options.listen ?? ['smtp://127.0.0.1:0'];
    const args = ['serve', '--data', data, '--hostname', 'mx.example', ...(options.args ?? [])];
    if (!args.includes('--http') && options.environment?.['POSTERN_HTTP_LISTEN'] === undefined) {
      args.push('--http', '127.0.0.1:0');
    }
    for (const url of listen) args.push('--listen', url);
    const [program = process.execPath, ...words] = [...(options.by ?? []), process.execPath, MAIN, ...args];
    const child = spawn(program, words, {
      env: { PATH: process.env['PATH'], ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new GatewayProcess(child, data, options.atEnd);
  }

  /** Spawns it, and waits until it is ready. */
  static async start(options: StartOptions = {}): Promise<GatewayProcess> {
    const gateway = await GatewayProcess.spawn(options);
    await gateway.says(/^postern ready .*$/m);
    return gateway;
  }

  /** The ports, in the order of the listeners. */
  get ports(): number[] {
    const [, addresses = ''] = /^postern ready smtp=(\S+)/m.exec(this.stdout) ?? [];
    return addresses.split(',').map((address) => Number(address.slice(address.lastIndexOf(':') + 1)));
  }

  get port(): number {
    return this.ports[0] ?? 0;
  }

  /** The URL of the HTTP API, without a slash at its end. */
  get httpUrl(): string {
    const [, address] = /^postern ready .*http=(\S+)/m.exec(this.stdout) ?? [];
    if (address === undefined) throw new Error(`no HTTP address in:\n${this.stdout}`);
    return `http://${address}`;
  }

  /** The token that a first start wrote into a file. */
  get token(): string {
    return readFileSync(join(this.data, 'first-token'), 'latin1').trim();
  }

  /** The lines of the log, as far as they are JSON. */
  get log(): Record<string, unknown>[] {
    return this.stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Another command on the same data, while this one runs. */
  postern(...args: string[]): Promise<Outcome> {
    return spawnPostern(args, { environment: { POSTERN_DATA: this.data } });
  }

  async messages(...args: string[]): Promise<MessageLine[]> {
    const { stdout, stderr, exitCode } = await this.postern('messages', '--json', ...args);
    if (exitCode !== 0) throw new Error(stderr);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as MessageLine);
  }

  /** The stored octets; each stands as the character of the same number. */
  async raw(id: string): Promise<string> {
    const child = spawn(process.execPath, [MAIN, 'message', id, '--raw', '--data', this.data], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pieces: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    await new Promise((resolve) => child.on('close', resolve));
    return Buffer.concat(pieces).toString('latin1');
  }
}

/** A number of a process's `/proc/PID/status`, in KiB; null where there is no such file. */
export async function memoryOf(pid: number, field: 'VmHWM' | 'VmRSS'): Promise<number | null> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'latin1');
    const [, number] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
    return number === undefined ? null : Number(number);
  } catch {
    return null;
  }
}

export function sha256(octets: string | Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
