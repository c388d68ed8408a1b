// What the HTTP API costs, side by side in one run, by turns, on loopback: POST /api/v1/send to accept by SMTP, both of
// 1 KB over fifty connections into the same store; accept for fifty domains with and without 200 event streams of these domains,
// each of which sees what is sent for its own, and the memory of a stream on a server that has worked; accept to a build that has no counters, no journal of the index of words, and no indexer, and to one that has no
// indexer. The index is filled at the lowest priority, so that its processor time, which counts, need not delay accepts.
//
//   npm run -s build && node bench/api.mjs [--only send,streams,build] [--rounds N] [--seconds N] [--quick] [--json]
//
// `--quick` only shows that all of it works.
//
// The gateway with all its threads has one core, the generators and readers of streams the other. Streams are read, and the
// index is filled, while messages come in. The readers have the lowest priority: they stand for other machines, so they must not
// slow the generator.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setTimeout } from 'node:timers/promises';
import { gateway, variantWithout, WITHOUT } from './api/gateway.mjs';
import {
  generate,
  machineTime,
  processorTime,
  residentMemory,
  startGenerator,
  stolenSince,
} from './suite/processes.mjs';
import { median, pairedRatio } from './suite/statistics.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
  },
});
const PARTS = ['send', 'streams', 'build'];
const only = values.only?.split(',') ?? PARTS;
for (const name of only) {
  if (PARTS.includes(name)) continue;
  console.error(`bench: there is no part "${name}"; there is ${PARTS.join(', ')}`);
  process.exit(2);
}
const ROUNDS = Number(values.rounds ?? (values.quick ? 1 : 7));
// Shorter, and on a busy machine no message may be accepted before a load ends.
const SECONDS = Number(values.seconds ?? (values.quick ? 1 : 2));
const WARM_UP = values.quick ? 0 : 3;
const STREAMS = values.quick ? 20 : 200;
const OPENINGS = values.quick ? 2 : 4;
const CONNECTIONS = 50;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const say = values.json ? () => undefined : (text) => console.log(text);

/** Messages a second, and microseconds of the server's processor time for each. */
async function timed(server, load) {
  const before = processorTime(server.pid);
  const { sent, seconds } = await load();
  const spent = before === null ? null : processorTime(server.pid) - before;
  return { rate: sent / seconds, micros: spent === null ? null : (spent * 1000) / sent };
}

const ONE_DOMAIN = 'bench@example.com';
/** Each connection sends for a domain of its own. */
const EACH_ITS_DOMAIN = 'app@d{n}.example.com';

const bySmtp = (server, from = ONE_DOMAIN) =>
  timed(server, async () => {
    const words = ['--connections', String(CONNECTIONS), '--size', '1k', '--from', from, '--json'];
    const duration = ['--duration', `${Math.round(SECONDS * 1000)}ms`];
    const url = `smtp://127.0.0.1:${server.port}`;
    const { stdout } = await generate([
      'node',
      here('../dist/cli/main.js'),
      'bench',
      url,
      ...words,
      ...duration,
    ]);
    const report = JSON.parse(stdout);
    const sent = report.messages.accepted;
    return { sent, seconds: sent / report.messagesPerSecond };
  });

const byApi = (server) =>
  timed(server, async () => {
    const words = [String(server.httpPort), String(SECONDS * 1000), ...server.tokens];
    const { stdout } = await generate(['node', here('./api/http-load.mjs'), ...words]);
    const { sent, milliseconds } = JSON.parse(stdout);
    return { sent, seconds: milliseconds / 1000 };
  });

/** Opens streams. Returns what ends them, and gives how many octets of events came, and on how many of them. */
async function openStreams(server) {
  const words = [here('./api/streams.mjs'), String(server.httpPort), String(STREAMS), ...server.tokens];
  const child = startGenerator(['node', ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error('the streams could not be opened');
    }),
  ]);
  if (!String(line).startsWith('open')) throw new Error(String(line));
  return async () => {
    const ended = once(child, 'exit');
    child.stdin.end();
    const [report] = await once(child.stdout, 'data');
    await ended;
    return JSON.parse(String(report));
  };
}

/** Loads some sides by turns, there and back. */
async function byTurns(sides) {
  const names = Object.keys(sides);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  // Not counted: code gets compiled, for some seconds.
  for (let round = 0; round < WARM_UP; round++) for (const load of Object.values(sides)) await load();
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? names : [...names].reverse();
    for (const name of order) samples[name].push(await sides[name]());
  }
  return samples;
}

function compared(title, subject, against, goal) {
  const column = (samples, name) => samples.map((sample) => sample[name]);
  const rate = pairedRatio(column(subject, 'rate'), column(against, 'rate'));
  const hasTime = ![...subject, ...against].some(({ micros }) => micros === null);
  const processor = hasTime ? pairedRatio(column(against, 'micros'), column(subject, 'micros')).ratio : null;
  const rates = [subject, against].map((samples) => median(column(samples, 'rate')));
  say(
    `${title}: ${rates[0].toFixed(0)}/s to ${rates[1].toFixed(0)}/s, ratio ${rate.ratio.toFixed(2)} ` +
      `(± ${(rate.spread * 100).toFixed(0)} %), by processor time ${processor?.toFixed(2) ?? '?'}; goal ${goal}`,
  );
  return { title, ratio: rate.ratio, spread: rate.spread, processor, rates, goal };
}

/** KiB of resident memory of one stream, as the median of some openings after the first one. */
async function memoryOfStream(server) {
  const costs = [];
  for (let turn = 0; turn < OPENINGS; turn++) {
    const before = residentMemory(server.pid);
    const close = await openStreams(server);
    await setTimeout(500);
    const after = residentMemory(server.pid);
    await close();
    await setTimeout(500);
    costs.push((after.now - before.now) / 1024 / STREAMS);
  }
  return { first: costs[0], later: median(costs.slice(1)) };
}

/** What is measured, each with the gateway and where its figures go. */
const measure = {
  async send(server, report) {
    const ways = await byTurns({ api: () => byApi(server), smtp: () => bySmtp(server) });
    report.rows.push(compared('POST /api/v1/send to SMTP accept', ways.api, ways.smtp, '≥ 0.5'));
  },

  async streams(server, report) {
    const { first, later } = await memoryOfStream(server);
    report.memory = { first, later };
    say(
      `an event stream: ${first.toFixed(1)} KiB of resident memory when ${STREAMS} are opened first, ` +
        `${later.toFixed(1)} KiB later; goal < 30`,
    );
    const octets = [];
    const { open, none } = await byTurns({
      async open() {
        const close = await openStreams(server);
        try {
          return await bySmtp(server, EACH_ITS_DOMAIN);
        } finally {
          const seen = await close();
          octets.push(seen.octets / STREAMS / SECONDS);
          if (seen.streams < STREAMS) throw new Error(`only ${seen.streams} streams saw an event`);
        }
      },
      none: () => bySmtp(server, EACH_ITS_DOMAIN),
    });
    say(`each stream got ${(median(octets) / 1024).toFixed(1)} KiB of events a second`);
    report.rows.push(compared(`accept with ${STREAMS} event streams to none`, open, none, '> 0.95'));
  },

  async build(server, report) {
    const variants = {};
    const others = {};
    try {
      for (const [name, methods] of Object.entries(WITHOUT)) {
        variants[name] = variantWithout(methods);
        others[name] = await gateway(variants[name].program);
      }
      const { whole, indexer, all } = await byTurns({
        whole: () => bySmtp(server),
        indexer: () => bySmtp(others.indexer),
        all: () => bySmtp(others.all),
      });
      report.rows.push(
        compared('accept with counters and index to without', whole, all, '≥ 0.95'),
        compared('the same, while the index is not filled', indexer, all, '≥ 0.95'),
      );
    } finally {
      for (const other of Object.values(others)) await other.stop();
      for (const { remove } of Object.values(variants)) remove();
    }
  },
};

const began = machineTime();
const report = { memory: null, rows: [] };
const server = await gateway();
try {
  say(`${ROUNDS} rounds of ${SECONDS} s for each side`);
  for (const name of PARTS) if (only.includes(name)) await measure[name](server, report);
} finally {
  await server.stop();
}
const stolen = stolenSince(began);
if (stolen !== null) say(`the host gave ${(stolen * 100).toFixed(0)} % of the machine to others meanwhile`);
if (values.json) console.log(JSON.stringify({ rounds: ROUNDS, seconds: SECONDS, ...report, stolen }));
