// Counts the instructions that the server executes for one message, scenario by scenario, without a clock: the same
// code gives the same count on a busy machine. Needs valgrind.
//
//   node bench/instructions.mjs [--check | --write] [--only NAME]
//
// `--check` compares with bench/instructions/counts.json and fails if a scenario needs more than 2 % more. `--write`
// keeps the counts there. Run `npm run build` before.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { has } from './suite/processes.mjs';

const KEPT = fileURLToPath(new URL('instructions/counts.json', import.meta.url));
const WORK = fileURLToPath(new URL('instructions/work.mjs', import.meta.url));
/**
 * A change that costs more than this is refused. Two runs of the same code differ by up to 0.2 %. A change may
 * have V8 decide otherwise about a function that it did not touch, so what is above the bound is counted again with other seeds.
 */
const BOUND = 0.02;
/** How often at most. */
const AGAIN = 2;
/**
 * One thread, and nothing by chance: compiling and collecting garbage happen at the same place in each run. The heap begins with
 * room for all of it, since a full collection among the counted messages of one run would be 3 % of them.
 */
const DETERMINISTIC = ['--single-threaded', '--predictable', '--expose-gc', '--initial-heap-size=1024'];

/**
 * Counts the scenarios of these names, or all.
 *
 * @returns {Map<string, number>} instructions for one message by scenario, or a text that says why there are none
 */
function count(names, seed = 1) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-instructions-'));
  try {
    const words = ['--tool=callgrind', `--callgrind-out-file=${join(folder, 'out')}`];
    const seeds = [`--hash-seed=${seed}`, `--random-seed=${seed}`];
    // The signal of the work: callgrind writes what it has counted so far, and begins anew.
    const signal = '--dump-before=node::os::GetLoadAvg*';
    const program = [...words, signal, process.execPath, ...DETERMINISTIC, ...seeds, WORK, ...names];
    // Addresses by chance change how hash tables fill.
    const command = has('setarch') ? ['setarch', '-R', 'valgrind', ...program] : ['valgrind', ...program];
    // callgrind counts `rep movsb` as an instruction for each octet, where the C library uses it for a long copy.
    const plainCopies =
      'glibc.cpu.x86_rep_movsb_threshold=0x40000000:glibc.cpu.x86_rep_stosb_threshold=0x40000000';
    // A short environment: its size moves the stack.
    const env = { PATH: process.env.PATH, GLIBC_TUNABLES: plainCopies };
    const run = spawnSync(command[0], command.slice(1), { encoding: 'utf8', env });
    if (run.status !== 0) throw new Error(run.stderr.slice(-2000));
    const scenarios = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const dumps = readdirSync(folder).filter((name) => /^out\.\d+$/.test(name)).length;
    if (dumps !== 2 * scenarios.length) return 'this node has no symbols that callgrind could stop at';
    // A dump for what came before the messages that are counted, and one for those.
    const dump = (at) => readFileSync(join(folder, `out.${2 * at + 2}`), 'utf8');
    return new Map(scenarios.map(({ name, messages }, at) => [name, executed(dump(at)) / messages]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The instructions of a dump without those of V8's optimizing compiler. Some function is compiled late, or once more, and a
 * harmless change moves that from the messages before the count into it.
 */
function executed(dump) {
  let compiling = 0;
  let compiler = null;
  let called = null;
  const lines = dump.split('\n');
  for (const [at, line] of lines.entries()) {
    // A name stands where its number comes up first.
    const [, call, id, name] = /^(c?)fn=\((\d+)\)(?: (.*))?$/.exec(line) ?? [];
    if (name?.startsWith('v8::internal::Compiler::CompileOptimized(')) compiler = id;
    if (call === 'c') called = id;
    // The line after it has the instructions of the calls, with all that they called.
    else if (line.startsWith('calls=') && called === compiler)
      compiling += Number(lines[at + 1].split(' ')[1]);
  }
  return Number(/^totals: (\d+)/m.exec(dump)[1]) - compiling;
}

function skip(why) {
  console.log(`instructions: skipped: ${why}`);
  process.exit(0);
}

const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
  },
});

if (!has('valgrind')) skip('no valgrind (Debian: valgrind)');
const kept = JSON.parse(readFileSync(KEPT, 'utf8'));
const platform = `${process.platform} ${process.arch}`;
// Another Node compiles otherwise: its counts say nothing of a change of ours.
const comparable = kept.node === process.version && kept.platform === platform;
if (options.check && !comparable) {
  skip(`the counts are of ${kept.node} on ${kept.platform}, and this is ${process.version} on ${platform}`);
}
const counts = count(options.only);
if (typeof counts === 'string') skip(counts);

const aboveBound = () =>
  [...counts].flatMap(([name, found]) => (found > kept.instructions[name] * (1 + BOUND) ? [name] : []));
for (let again = 0; options.check && again < AGAIN && aboveBound().length > 0; again++) {
  for (const [name, found] of count(aboveBound(), again + 2))
    counts.set(name, Math.min(counts.get(name), found));
}

let failed = false;
for (const [name, found] of counts) {
  const before = comparable ? kept.instructions[name] : undefined;
  const change = before === undefined ? null : found / before - 1;
  const tooMuch = options.check && (change === null || change > BOUND);
  failed ||= tooMuch;
  const beside = change === null ? 'not kept yet' : `${change < 0 ? '' : '+'}${(change * 100).toFixed(2)} %`;
  console.log(`${name.padEnd(44)} ${found.toFixed(0).padStart(9)}  ${beside}${tooMuch ? '  TOO MUCH' : ''}`);
}
if (options.write) {
  const all = comparable ? { ...kept.instructions } : {};
  for (const [name, found] of counts) all[name] = Math.round(found);
  writeFileSync(KEPT, `${JSON.stringify({ node: process.version, platform, instructions: all }, null, 2)}\n`);
}
if (failed) {
  console.error(
    `instructions: more than ${BOUND * 100} % above what is kept. If it must be so, say why, and --write`,
  );
  process.exit(1);
}
