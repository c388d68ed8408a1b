// Judges the library against a null server that is as bare as can be, with two generators of different makes, and with
// several starts of each: what differs from start to start is no property of the code.
//
//   npm run -s build && node bench/judge.mjs [--only NAME,...] [--starts N] [--rounds N] [--seconds N] [--warmups N] [--quick] [--json]
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeCertificate } from './suite/certificate.mjs';
import { CONTESTANTS } from './suite/contestants.mjs';
import { installPeers } from './suite/peers.mjs';
import {
  generate,
  has,
  machineTime,
  pageFaults,
  pinned,
  processorTime,
  stolenSince,
} from './suite/processes.mjs';
import { median } from './suite/statistics.mjs';
import { stolenText } from './suite/text.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const POSTERN = here('../dist/cli/main.js');
const PIECES = here('judge/pieces.mjs');

const PLAIN = ['bare', 'limit', 'postern', 'smtp-server'];
const own = (...words) => ({ own: ['--connections', '20', ...words] });

/** `source`: the options of Postfix's smtp-source; the first contestant is the one that the others are compared with. */
const SCENARIOS = {
  short: { ...own('--size', '500'), source: ['-d', '-l', '500'], who: PLAIN, goal: 0.95 },
  connections: {
    ...own('--size', '500', '--per-connection', '1'),
    source: ['-l', '500'],
    who: PLAIN,
    goal: 0.95,
  },
  '64k': { ...own('--size', '64k'), source: ['-d', '-l', '65536'], who: PLAIN, goal: 0.92 },
  '1m': { ...own('--size', '1m'), source: ['-d', '-l', '1048576'], who: PLAIN, goal: 0.92 },
  ...Object.fromEntries(
    [1460, 4096, 16_384].flatMap((piece) => [
      [`pieces-${piece}`, { piece, who: ['bare', 'limit', 'postern'] }],
      [`pieces-${piece}-tls`, { piece, tls: true, who: ['tls', 'postern'] }],
    ]),
  ),
};

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    starts: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1' },
    warmups: { type: 'string', default: '2' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const starts = options.quick ? 1 : Number(options.starts);
const rounds = options.quick ? 1 : Number(options.rounds);
const warmups = options.quick ? 1 : Number(options.warmups);
const seconds = options.quick ? 0.1 : Number(options.seconds);
const wanted = options.only?.split(',') ?? Object.keys(SCENARIOS);
for (const name of wanted) {
  if (SCENARIOS[name] !== undefined) continue;
  console.error(`judge: there is no "${name}"; there is ${Object.keys(SCENARIOS).join(', ')}`);
  process.exit(2);
}

/** Each sends for about so many seconds, or sends about so many messages, and returns how many it sent in how many seconds. */
const GENERATORS = {
  async own({ own: words }, port) {
    const duration = ['--duration', `${Math.round(seconds * 1000)}ms`, '--json'];
    const { stdout } = await generate([
      'node',
      POSTERN,
      'bench',
      `smtp://127.0.0.1:${port}`,
      ...words,
      ...duration,
    ]);
    const { messages, messagesPerSecond } = JSON.parse(stdout);
    return { messages: messages.accepted, rate: messagesPerSecond };
  },
  async 'smtp-source'({ source }, port, expected) {
    const messages = Math.max(20, Math.round(expected * seconds));
    const words = ['smtp-source', ...source, '-s', '20', '-m', String(messages), '-f', 'bench@example.com'];
    const run = await generate([...words, '-t', 'rcpt@example.net', `127.0.0.1:${port}`]);
    return { messages, rate: messages / run.seconds };
  },
  async pieces({ piece, tls }, port) {
    const words = [String(port), String(piece), String(seconds * 1000), ...(tls === true ? ['tls'] : [])];
    const run = await generate(['node', PIECES, ...words]);
    const { accepted } = JSON.parse(run.stdout);
    return { messages: accepted, rate: accepted / run.seconds };
  },
};

function generatorsOf({ piece }) {
  if (piece !== undefined) return ['pieces'];
  return has('smtp-source') ? ['own', 'smtp-source'] : ['own'];
}

async function load(generator, scenario, { server, rate }) {
  const time = processorTime(server.pid);
  const faults = pageFaults(server.pid);
  const sent = await GENERATORS[generator](scenario, server.port, rate ?? 1000);
  if (sent.messages === 0) throw new Error('no message was taken');
  const each = (before, after) => (before === null ? null : (after - before) / sent.messages);
  return {
    rate: sent.rate,
    // Microseconds for a message.
    time: each(time, processorTime(server.pid)) * 1000,
    faults: each(faults, pageFaults(server.pid)),
  };
}

/** All contestants, started anew: the ratios of one start. */
async function oneStart(scenario, certificate) {
  const running = [];
  try {
    for (const name of scenario.who) {
      if (CONTESTANTS[name].missing() !== null) continue;
      const needs = scenario.tls === true ? { tls: 'implicit', certificate } : {};
      running.push({ name, server: await CONTESTANTS[name].start(needs), samples: {} });
    }
    const results = [];
    for (const generator of generatorsOf(scenario)) {
      for (const entry of running) {
        // Not counted: code gets compiled. It also says how many messages fill the time.
        for (let n = 0; n < warmups; n++) entry.rate = (await load(generator, scenario, entry)).rate;
        entry.samples[generator] = [];
      }
      for (let round = 0; round < rounds; round++) {
        for (const entry of round % 2 === 0 ? running : running.toReversed())
          entry.samples[generator].push(await load(generator, scenario, entry));
      }
      const [base] = running;
      const peer = running.find(({ name }) => name === 'smtp-server');
      for (const { name, samples } of running) {
        const own = samples[generator];
        const to = (other, ratio) =>
          median(own.map((sample, at) => ratio(sample, other.samples[generator][at])));
        results.push({
          name,
          generator,
          ratio: to(base, byRate),
          timeRatio: to(base, byTime),
          ...(name === 'postern' && peer !== undefined
            ? { peerRatio: to(peer, byRate), peerTimeRatio: to(peer, byTime) }
            : {}),
          rate: median(own.map(({ rate }) => rate)),
          time: median(own.map(({ time }) => time)),
          faults: median(own.map(({ faults }) => faults)),
          roundsApart: spreadOf(own.map(({ rate }) => rate)),
        });
      }
    }
    return results;
  } finally {
    for (const { server } of running) await server.stop();
  }
}

function byRate(ours, theirs) {
  return ours.rate / theirs.rate;
}

function byTime(ours, theirs) {
  return theirs.time / ours.time;
}

function spreadOf(values) {
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values);
}

function line({ name, generator }, of, goal) {
  const column = (key) => of.map((result) => result[key]);
  const ratios = (key) => {
    const values = column(key);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return `${median(values).toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`;
  };
  const cells = [
    generator.padEnd(12),
    name.padEnd(12),
    `${median(column('rate')).toFixed(0).padStart(7)}/s`,
    `± ${(median(column('roundsApart')) * 100).toFixed(0)}% rounds, ${(spreadOf(column('rate')) * 100).toFixed(0)}% starts`,
    `${median(column('time')).toFixed(1)} us`,
    `${median(column('faults')).toFixed(2)} faults`,
    `ratio ${ratios('ratio')}, by time ${ratios('timeRatio')}`,
  ];
  if (of[0].peerRatio !== undefined)
    cells.push(`to smtp-server ${ratios('peerRatio')}, by time ${ratios('peerTimeRatio')}`);
  const judged = goal !== undefined && name === 'postern' && !options.quick;
  const met = Math.min(...column('ratio')) >= goal;
  return `  ${cells.join('  ')}${judged ? `  ${met ? 'reached' : 'SHORT of'} ${goal} in each start` : ''}`;
}

if (!pinned) console.error('judge: no taskset, or one core: server and generator share what there is');
if (!has('smtp-source'))
  console.error('judge: no smtp-source (Debian: postfix): our own generator alone judges');
const problem = options.quick ? null : installPeers();
if (problem !== null) console.error(`judge: without npm's peers: ${problem}`);
const certificate = await makeCertificate();
const kept = {};
try {
  for (const name of wanted) {
    const scenario = SCENARIOS[name];
    const began = machineTime();
    const all = [];
    for (let start = 0; start < starts; start++) all.push(await oneStart(scenario, certificate));
    kept[name] = all;
    console.log(
      `\n${name}: ${starts} starts of ${rounds} rounds; ratios to ${scenario.who[0]}, least and greatest of the starts`,
    );
    for (const [at, result] of all[0].entries()) {
      console.log(
        line(
          result,
          all.map((results) => results[at]),
          scenario.goal,
        ),
      );
    }
    for (const text of stolenText(stolenSince(began))) console.log(`  ${text}`);
  }
} finally {
  certificate.remove();
}
if (options.json) console.log(JSON.stringify(kept));
