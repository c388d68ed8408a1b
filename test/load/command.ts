import { spawn } from 'node:child_process';
import { MAIN } from '../cli/postern.js';
import { Running } from '../e2e/gateway-process.js';

/** Starts a command as users do, as the first of a process group. It is ended after the test. */
export function start(args: readonly string[]): Running {
  const env = { PATH: process.env['PATH'] };
  const child = spawn(process.execPath, [MAIN, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  return new Running(child);
}

/** The same on a terminal of its own, which `stty` sets up first. All that it shows comes as standard output. */
export function startOnTerminal(stty: string, args: readonly string[]): Running {
  const words = [process.execPath, MAIN, ...args].map((word) => `'${word}'`);
  const command = ['-qec', `stty ${stty}; exec ${words.join(' ')}`, '/dev/null'];
  return new Running(spawn('script', command, { stdio: ['ignore', 'pipe', 'pipe'], detached: true }));
}

/** `postern sink` on a free port, ready. */
export async function startSinkCommand(...args: string[]): Promise<Running & { readonly port: number }> {
  const listen = args.includes('--listen') ? [] : ['--listen', 'smtp://127.0.0.1:0'];
  const sink = start(['sink', ...listen, ...args]);
  const [, port] = await sink.says(/(?:ready smtp=|"address":")127\.0\.0\.1:(\d+)/);
  return Object.assign(sink, { port: Number(port) });
}
