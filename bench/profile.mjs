// Where the time of a message goes, in Postern and in what it is compared with, side by side: by part of the system, by
// syscall, and by function.
//
//   npm run -s build && node bench/profile.mjs [--only NAME,...] [--seconds 3] [--functions 12] [--before DIR]
//
// With --before, both are Postern: the build of another checkout, and this one.
// Needs Linux with perf and strace, and the right to use them (root), and Postfix's smtp-source. A sample hits what runs, so other work
// on the machine matters less than in a race; but caches are shared, so compare columns of one run alone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { functionsOf, profiling } from './profile/functions.mjs';
import { sample } from './profile/samples.mjs';
import { countSyscalls } from './profile/syscalls.mjs';
import { addBuild } from './suite/before.mjs';
import { CONTESTANTS } from './suite/contestants.mjs';
import { generate, has } from './suite/processes.mjs';

const source = (...words) => words;
/** `who`: what is compared with, then Postern. `load`: options of smtp-source. */
const SCENARIOS = {
  short: { who: ['bare', 'postern'], load: source('-d', '-s', '20', '-l', '500') },
  connections: { who: ['bare', 'postern'], load: source('-s', '20', '-l', '500') },
  '64k': { who: ['bare', 'postern'], load: source('-d', '-s', '20', '-l', '65536') },
  '1m': { who: ['bare', 'postern'], load: source('-d', '-s', '20', '-l', '1048576') },
  'durable-50': { who: ['postern', 'gateway'], load: source('-d', '-s', '50', '-l', '1000') },
  'durable-1': { who: ['postern', 'gateway'], load: source('-d', '-s', '1', '-l', '1000') },
};

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string', default: '3' },
    functions: { type: 'string', default: '12' },
    before: { type: 'string' },
  },
});
const seconds = Number(options.seconds);
const wanted = options.only?.split(',') ?? Object.keys(SCENARIOS);
for (const name of wanted) {
  if (SCENARIOS[name] === undefined)
    fail(`there is no "${name}"; there is ${Object.keys(SCENARIOS).join(', ')}`);
}
if (options.before !== undefined) await addBuild(options.before);
for (const program of ['perf', 'strace', 'smtp-source']) {
  if (!has(program)) fail(`no ${program} here (Debian: linux-perf, strace, postfix)`);
}

function fail(message) {
  console.error(`profile: ${message}`);
  process.exit(2);
}

/** Sends about so many messages, and returns how many. */
async function send({ load }, port, messages) {
  const words = ['-m', String(messages), '-f', 'a@example.com', '-t', 'b@example.net', `127.0.0.1:${port}`];
  await generate(['smtp-source', ...load, ...words]);
  return messages;
}

/** Loads a server until its code is compiled. Returns how many messages it took in how many seconds, and in all. */
async function warmUp(scenario, port) {
  let rate = 200;
  let all = 0;
  for (let turn = 0; turn < 4; turn++) {
    const messages = Math.max(50, Math.round(rate * seconds));
    const began = performance.now();
    all += await send(scenario, port, messages);
    rate = (messages / (performance.now() - began)) * 1000;
  }
  return { rate, all };
}

async function profileOf(scenario, name, folder) {
  const server = await CONTESTANTS[name].start({});
  let parts;
  let calls;
  try {
    const { rate } = await warmUp(scenario, server.port);
    const messages = Math.max(50, Math.round(rate * seconds));
    parts = await sample(server.pid, join(folder, 'perf.data'), () => send(scenario, server.port, messages));
    // Slowed down by strace, so fewer messages do.
    const few = Math.max(50, Math.round(messages / 10));
    calls = await countSyscalls(server.pid, join(folder, 'strace'), () => send(scenario, server.port, few));
  } finally {
    await server.stop();
  }
  return { name, ...parts, calls, functions: await functionsIn(scenario, name, folder) };
}

/** Profiles a server of its own, since V8's profiler takes time itself. */
async function functionsIn(scenario, name, folder) {
  const profiles = mkdtempSync(join(folder, 'functions-'));
  const before = { ...process.env };
  Object.assign(process.env, profiling(profiles));
  let server;
  try {
    server = await CONTESTANTS[name].start({});
  } finally {
    process.env = before;
  }
  let all;
  try {
    ({ all } = await warmUp(scenario, server.port));
  } finally {
    await server.stop();
  }
  return functionsOf(profiles, all);
}

/** Prints two columns of figures by name, the greatest differences first. */
function table(title, [base, ours], key, least, most = Infinity) {
  console.log(`\n  ${title.padEnd(52)}${base.name.padStart(15)}${ours.name.padStart(10)}`);
  const names = [...new Set([...base[key].keys(), ...ours[key].keys()])];
  const of = (side, name) => side[key].get(name) ?? 0;
  const rows = names
    .map((name) => ({ name, base: of(base, name), ours: of(ours, name) }))
    .filter((row) => Math.max(row.base, row.ours) >= least)
    .sort((a, b) => Math.max(b.ours, b.base) - Math.max(a.ours, a.base))
    .slice(0, most);
  const line = (name, ...figures) =>
    console.log(
      `  ${name.slice(0, 51).padEnd(52)}${figures.map((figure, at) => figure.toFixed(2).padStart(at === 0 ? 15 : 10)).join('')}`,
    );
  for (const row of rows) line(row.name, row.base, row.ours);
  const sum = (side) => [...side[key].values()].reduce((total, figure) => total + figure, 0);
  line('all', sum(base), sum(ours));
}

const folder = mkdtempSync(join(tmpdir(), 'postern-profile-'));
try {
  for (const name of wanted) {
    const scenario = SCENARIOS[name];
    const both = [];
    const [, own] = scenario.who;
    const who = options.before === undefined ? scenario.who : [`${own} before`, own];
    for (const contestant of who) both.push(await profileOf(scenario, contestant, folder));
    console.log(`\n${name}: for one message`);
    table('microseconds by part of the system', both, 'micros', 0.3);
    table('microseconds by thread', both, 'threads', 0.3);
    table('syscalls', both, 'calls', 0.02);
    table('microseconds by function, by V8 profiler', both, 'functions', 0.2, Number(options.functions));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
