// Where the processor time of a server goes: samples by Linux's perf, each counted once, under the first name that fits.
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';

/** Samples a second of each thread that runs. A prime, so that it keeps no step with timers. */
const FREQUENCY = 1999;

/** How the kernel and the C library name a syscall; stacks do not always reach from one to the other. */
const SYSCALL = new RegExp(
  '^(?:__(?:x64|arm64|se)_sys_|ksys_|__GI___libc_|__libc_|__)?p?' +
    '(read|write|recvmsg|sendmsg|epoll_|fsync|fdatasync|futex|accept|close|shutdown|statx|fcntl|madvise|mprotect|mmap|munmap)' +
    '(?:v|pwait|wait|ctl|4)?(?:64|2)?$',
);

/** The first that matches any frame of the stack names the sample. Frames of the kernel come first, then Node's. */
const BY_ANY_FRAME = [
  [/^(?:asm_)?exc_page_fault$/, () => 'kernel: page faults'],
  [SYSCALL, ([, name]) => `kernel: ${name.replace('_', '')}`],
  [
    /^(?:asm_)?sysvec_|^common_interrupt$|^ret_from_fork|^do_syscall_64$|^entry_SYSCALL/,
    () => 'kernel: other',
  ],
  [
    /Scaveng|MarkCompact|Marking|GarbageCollect|Sweep|ArrayBufferList|Evacuat|v8::internal::Heap::|v8::internal::Minor/,
    () => 'V8: garbage collection',
  ],
  [
    /v8::internal::(?:compiler|maglev|turboshaft|wasm|baseline|interpreter|parsing)::|v8::internal::(?:\w*Compil|\w*Parser|\w*Scanner|Optimized|Turbofan|RegExpImpl)/,
    () => 'V8: compiling',
  ],
];

/** If no frame has named it, the function itself does. */
const BY_FUNCTION = [
  [/Handler$|InterpreterEntryTrampoline/, () => 'JavaScript, interpreted'],
  [/^Builtins_/, () => 'V8: built-in functions'],
  [/^v8::|^_ZN2v8/, () => 'V8: runtime'],
  [/^node::|^uv_|^uv__|^_ZN4node/, () => 'Node and libuv'],
  [/^(?:__)?mem(?:cpy|move|set)|^__mem/, () => 'copies of memory'],
  [/malloc|free|^_int_|^sysmalloc|^operator (?:new|delete)|^_Zn|^_Zd/, () => 'malloc and free'],
];

/**
 * Samples a process and all its threads while `work` goes on.
 *
 * @param {() => Promise<number>} work returns how many messages were sent
 * @returns {Promise<{ micros: Map<string, number>, threads: Map<string, number> }>} microseconds of a message by part of the
 *   system and by thread
 */
export async function sample(pid, file, work) {
  const words = [
    'record',
    '-q',
    '-e',
    'cpu-clock',
    '-F',
    String(FREQUENCY),
    '-g',
    '-p',
    String(pid),
    '-o',
    file,
  ];
  const perf = spawn('perf', words, { stdio: 'ignore' });
  const over = once(perf, 'exit');
  try {
    const messages = await work();
    perf.kill('SIGINT');
    await over;
    return microsOf(pid, file, messages);
  } finally {
    perf.kill('SIGKILL');
    rmSync(file, { force: true });
  }
}

function microsOf(pid, file, messages) {
  const fields = ['script', '--no-inline', '-F', 'tid,ip,sym,dso', '-i', file];
  const text = execFileSync('perf', fields, {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const micros = new Map();
  const threads = new Map();
  const add = (sums, name) => sums.set(name, (sums.get(name) ?? 0) + 1e6 / FREQUENCY / messages);
  for (const stack of text.split(/\n\s*\n/)) {
    const frames = framesOf(stack);
    if (frames.length === 0) continue;
    add(micros, nameOf(frames));
    // The first thread has the event loop; of the others, perf knows a number only.
    const thread = Number(/^\s*(\d+)/.exec(stack)?.[1]);
    add(threads, thread === pid ? 'event loop' : `thread ${thread - pid}`);
  }
  return { micros, threads };
}

/** The functions of a stack, the one that ran first. Code that V8 has made has no symbol. */
function framesOf(stack) {
  const frames = [];
  for (const line of stack.split('\n')) {
    const [, symbol, dso] = /^\s*[0-9a-f]+ (.*) \((.*)\)$/.exec(line) ?? [];
    if (symbol !== undefined) frames.push({ symbol, dso });
  }
  return frames;
}

function nameOf(frames) {
  for (const [pattern, name] of BY_ANY_FRAME) {
    for (const { symbol } of frames) {
      const match = pattern.exec(symbol);
      if (match !== null) return name(match);
    }
  }
  const [{ symbol, dso }] = frames;
  for (const [pattern, name] of BY_FUNCTION) {
    const match = pattern.exec(symbol);
    if (match !== null) return name(match);
  }
  if (/sqlite/.test(dso)) return 'SQLite';
  if (/^\[kernel/.test(dso)) return 'kernel: other';
  // Memory without a file: what V8's compilers made, and WebAssembly.
  if (dso === '[unknown]' || /anon|jit|^\/tmp\/perf-|memfd/.test(dso)) return 'JavaScript, compiled';
  return 'other';
}
