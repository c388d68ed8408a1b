// Servers and generators as processes, each held to a core of its own where the machine can do that.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { connect, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

const SERVER_CORE = 0;
const GENERATOR_CORE = 1;

/** Whether server and generator can be kept off each other's core. */
export const pinned = availableParallelism() > 1 && has('taskset');

/** Whether there is a program of this name. Those of the system need not be in everybody's path. */
export function has(program) {
  return spawnSync('sh', ['-c', `PATH="$PATH:/usr/sbin" command -v ${program}`]).status === 0;
}

/**
 * What the C library gets of a server, whichever it is: as Postern's own start does (see "Page faults" in
 * docs/performance.md). Without it two starts of one server differ by a third with large messages.
 */
export const MEMORY = { MALLOC_TRIM_THRESHOLD_: '134217728', MALLOC_MMAP_THRESHOLD_: '4194304' };

function start(
  core,
  [command, ...args],
  { env = {}, cwd, stdio = ['ignore', 'pipe', 'pipe'], unpinned, detached } = {},
) {
  const words =
    pinned && unpinned !== true ? ['taskset', '-c', String(core), command, ...args] : [command, ...args];
  const path = `${process.env.PATH}:/usr/sbin`;
  const options = { stdio, cwd, detached, env: { ...process.env, PATH: path, ...env } };
  return spawn(words[0], words.slice(1), options);
}

/** Starts a program on the generator's core. */
export function startGenerator(command, options) {
  return start(GENERATOR_CORE, command, options);
}

/** Runs a generator to its end; gives what it wrote, the time it took and the processor time it used. */
export async function generate(command, options = {}) {
  const child = start(GENERATOR_CORE, command, options);
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].on('data', (octets) => (texts[name] += octets));
  const began = performance.now();
  const [status, signal] = await once(child, 'close');
  const seconds = (performance.now() - began) / 1000;
  if (status !== 0) {
    throw new Error(`${command.join(' ')} ended with ${signal ?? status}: ${texts.stderr.slice(-2000)}`);
  }
  return { ...texts, seconds };
}

/**
 * A server that takes connections, until `stop`.
 *
 * @param options `farEnd`: it is on the other side of what is measured, and has the generator's core
 */
export async function serve(command, port, options = {}) {
  const env = { ...MEMORY, ...options.env };
  const child = start(options.farEnd === true ? GENERATOR_CORE : SERVER_CORE, command, { ...options, env });
  let said = '';
  let ended = null;
  for (const name of ['stdout', 'stderr']) {
    child[name]?.on('data', (octets) => (said = (said + octets).slice(-4000)));
  }
  child.once('exit', (status, signal) => (ended = signal ?? status));
  for (const until = performance.now() + 20_000; !(await greets(port));) {
    if (ended !== null) throw new Error(`${command.join(' ')} ended with ${ended}: ${said}`);
    if (performance.now() > until)
      throw new Error(`${command.join(' ')} does not answer on ${port}: ${said}`);
    await setTimeout(50);
  }
  return {
    pid: child.pid,
    async stop() {
      if (ended !== null) return;
      const over = once(child, 'exit');
      child.kill('SIGTERM');
      const late = globalThis.setTimeout(() => child.kill('SIGKILL'), 10_000);
      await over;
      clearTimeout(late);
    },
  };
}

/** Whether something answers a connection: with its greeting, or, where TLS comes first, by waiting. */
function greets(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => {
      socket.once('data', () => end(true));
      globalThis.setTimeout(() => end(true), 300);
    });
    socket.once('close', () => end(false));
    socket.on('error', () => end(false));
  });
}

/** Returns a port of 127.0.0.1 that is not in use. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** The process and all that it started, as far as they live. */
function family(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    if (fields !== null) parents.set(Number(name), Number(fields[1]));
  }
  const members = new Set([pid]);
  for (let grown = true; grown;) {
    grown = false;
    for (const [child, parent] of parents) {
      if (members.has(parent) && !members.has(child)) {
        members.add(child);
        grown = true;
      }
    }
  }
  return members;
}

/** The fields of /proc/PID/stat behind the name, which may have anything in it; null where the process is gone. */
function statOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

const TICK_MS = 10;

/** Returns the processor time so far in milliseconds, with that of children that have ended; null if it is unknown. */
export function processorTime(pid) {
  if (process.platform !== 'linux') return null;
  let ticks = 0;
  for (const member of family(pid)) {
    const fields = statOf(member);
    if (fields !== null) for (const field of fields.slice(11, 15)) ticks += Number(field);
  }
  return ticks * TICK_MS;
}

/** Returns the processor time so far in milliseconds of one process, without that of its children; null if it is unknown. */
export function ownTime(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return null;
  }
}

/** Returns the page faults so far that needed no disk, of all its processes; null if they are unknown. */
export function pageFaults(pid) {
  if (process.platform !== 'linux') return null;
  let faults = 0;
  for (const member of family(pid)) faults += Number(statOf(member)?.[7] ?? 0);
  return faults;
}

/** Returns the resident memory in octets and its largest value so far; null if it is unknown. */
export function residentMemory(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
    return { now: of('VmRSS'), most: of('VmHWM') };
  } catch {
    return null;
  }
}

/**
 * Returns the processor time of the whole machine so far, and how much of it the host gave to others; null if it is
 * unknown.
 */
export function machineTime() {
  try {
    const [, ...fields] = readFileSync('/proc/stat', 'utf8')
      .split('\n', 1)[0]
      .trim()
      .split(/\s+/)
      .map(Number);
    // user, nice, system, idle, iowait, irq, softirq, steal; what guests have is part of user.
    return { all: fields.slice(0, 8).reduce((sum, ticks) => sum + ticks, 0), stolen: fields[7] };
  } catch {
    return null;
  }
}

/** Returns the part of the machine's processor time since then that its host gave to others; null if it is unknown. */
export function stolenSince(before) {
  const now = machineTime();
  if (before === null || now === null || now.all === before.all) return null;
  return (now.stolen - before.stolen) / (now.all - before.all);
}
