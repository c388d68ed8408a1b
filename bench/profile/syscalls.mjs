// How often a server asks the kernel for something, counted by strace. It slows the server, and changes no count but of waits.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** Milliseconds until strace has hold of all threads. */
const ATTACHED = 500;

/**
 * @param {() => Promise<number>} work returns how many messages were sent
 * @returns {Promise<Map<string, number>>} calls for a message by name
 */
export async function countSyscalls(pid, file, work) {
  const strace = spawn('strace', ['-f', '-c', '-q', '-p', String(pid), '-o', file], { stdio: 'ignore' });
  const over = once(strace, 'exit');
  try {
    await setTimeout(ATTACHED);
    const messages = await work();
    strace.kill('SIGINT');
    await over;
    const counts = new Map();
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      // Time in percent, seconds, microseconds a call, calls, errors if there were any, name.
      const [, calls, name] = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/.exec(line) ?? [];
      if (name !== undefined && name !== 'total') counts.set(name, Number(calls) / messages);
    }
    return counts;
  } finally {
    strace.kill('SIGKILL');
    rmSync(file, { force: true });
  }
}
