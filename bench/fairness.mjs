// What an idle tenant notices of others: it sends a NOOP and a small message every 20 ms, while another tenant or a
// remote server does the most expensive things that are known, one after the other (bench/fairness/rows.mjs). Three
// processes: the gateway, started anew for each row; the other tenant with all remote servers; and this one.
//
//   npm run -s build && node bench/fairness.mjs [--quick] [--row TEXT] [--json] [--list]
//
// "Timer late" is by how much a timer of this process is late: what the machine itself adds to each figure.
// --row takes the rows whose name has this text in it, and may be given more than once. Loopback only.
import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startProbe } from './fairness/probe.mjs';
import { ROWS } from './fairness/rows.mjs';
import { freePort, residentMemory } from './suite/processes.mjs';

const POSTERN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const GOALS = { p99: 20, worst: 100, memory: 400, stop: 5_000 };
/** Milliseconds that a row lasts after the other tenant has sent all that it sends, and at the most. */
const AFTER = 2_500;
const LONGEST = 15_000;
/** Milliseconds after which a gateway that does not stop is killed. */
const KILL_AFTER = 8_000;
const GRACE = '2s';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    row: { type: 'string', multiple: true },
    json: { type: 'boolean' },
    list: { type: 'boolean' },
  },
});

function chosen() {
  const { quick, row: names } = options;
  const rows = ROWS.filter(
    (row) =>
      (quick !== true || row.quick === true) &&
      (names === undefined || names.some((name) => row.name.includes(name))),
  );
  if (rows.length > 0) return rows;
  console.error('no row has this name; --list shows all of them');
  process.exit(2);
}

/** The domains of the other tenant: with and without DKIM and a webhook. */
const domainOf = ({ dkim = false, webhook = false }) =>
  `${dkim ? 'signed' : 'plain'}${webhook ? '-hooked' : ''}.example`;

/** A data folder with all domains, which each row copies. */
function makeTemplate(folder, ports) {
  const postern = (...words) =>
    execFileSync(process.execPath, [POSTERN, ...words, '--data', folder], {
      encoding: 'utf8',
      env: { ...process.env, POSTERN_DELIVERY_WEBHOOK_PRIVATE: 'allow' },
    });
  const tokens = {};
  const domains = [{}, { dkim: true }, { webhook: true }, { dkim: true, webhook: true }];
  for (const name of ['idle.example', ...domains.map(domainOf)]) {
    tokens[name] = JSON.parse(postern('domain', 'add', name, '--json')).token;
  }
  for (const domain of domains) {
    if (domain.dkim) postern('domain', 'dkim', domainOf(domain), '--on', '--anyway');
    if (domain.webhook) postern('webhook', 'set', domainOf(domain), `http://127.0.0.1:${ports.hook}/`);
  }
  return tokens;
}

function urlOf({ route }, ports, folder) {
  if (route === 'smtp') return `smtp://127.0.0.1:${ports.hostile}?tls=off`;
  if (route === 'https') return `http://token@127.0.0.1:${ports.api}/api/v1/send`;
  return `maildir:${join(folder, 'maildir')}`;
}

async function startGateway(row, folder, ports) {
  const [port, tlsPort, httpPort] = [await freePort(), await freePort(), await freePort()];
  const config = join(folder, 'postern.toml');
  writeFileSync(
    config,
    [
      `listen = ["smtp://127.0.0.1:${port}", "smtps://127.0.0.1:${tlsPort}"]`,
      `deliver = ["smtp://127.0.0.1:${ports.quiet}?tls=off"]`,
      '[smtp]',
      'tls_detect = 0',
      'max_connections_per_address = 10000',
      `stop_grace = "${GRACE}"`,
      '[delivery]',
      'webhook_private = "allow"',
      `stop_grace = "${GRACE}"`,
      '[[delivery.routes]]',
      `domain = "${domainOf(row)}"`,
      `deliver = [${JSON.stringify(urlOf(row, ports, folder))}]`,
      '',
    ].join('\n'),
  );
  const full = row.log === 'full' ? openSync('/dev/full', 'w') : null;
  const child = spawn(
    process.execPath,
    [
      POSTERN,
      'serve',
      '--data',
      join(folder, 'data'),
      '--config',
      config,
      '--hostname',
      'mx.example',
      '--http',
      row.attack.kind === 'bodies' ? `127.0.0.1:${httpPort}` : 'off',
    ],
    {
      stdio: ['ignore', 'pipe', full ?? 'pipe'],
      env: { PATH: process.env.PATH, POSTERN_LOG_FORMAT: 'json' },
    },
  );
  if (full !== null) closeSync(full);
  let said = '';
  if (row.log === undefined) child.stderr.on('data', (text) => (said = (said + text).slice(-2000)));
  const ended = once(child, 'exit');
  let ready = '';
  child.stdout.on('data', (text) => (ready += text));
  for (const until = performance.now() + 20_000; !ready.includes('postern ready'); await sleep(20)) {
    if (child.exitCode !== null || performance.now() > until) throw new Error(`no start: ${ready}${said}`);
  }
  let memory = 0;
  const watch = setInterval(() => {
    // A process that has just ended has no figure.
    memory = Math.max(memory, residentMemory(child.pid)?.most || 0);
  }, 100);
  return {
    port,
    tlsPort,
    httpPort,
    said: () => said,
    async stop() {
      const died = child.exitCode ?? child.signalCode;
      const began = performance.now();
      child.kill('SIGTERM');
      const late = globalThis.setTimeout(() => child.kill('SIGKILL'), KILL_AFTER);
      await ended;
      clearTimeout(late);
      clearInterval(watch);
      return { stop: performance.now() - began, memory: memory / 1024 / 1024, died };
    },
  };
}

/** Sends the other process an order, and waits for its answer. */
async function order(neighbours, message) {
  neighbours.send(message);
  const [answer] = await once(neighbours, 'message');
  return answer;
}

async function measure(row, { template, tokens, ports, neighbours }) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-fairness-'));
  try {
    cpSync(template, join(folder, 'data'), { recursive: true });
    const gateway = await startGateway(row, folder, ports);
    // Code gets compiled and connections are made before anything counts.
    const warm = await startProbe({ port: gateway.port, token: tokens['idle.example'] });
    await sleep(700);
    await warm.stop();
    const probe = await startProbe({ port: gateway.port, token: tokens['idle.example'] });
    const began = performance.now();
    const domain = domainOf(row);
    const attack = order(neighbours, {
      do: 'attack',
      row,
      port: row.tls === true ? gateway.tlsPort : gateway.port,
      httpPort: gateway.httpPort,
      token: tokens[domain],
      sender: `app@${domain}`,
    });
    const given = await Promise.race([attack, sleep(LONGEST - AFTER, null)]);
    await sleep(AFTER);
    const times = await probe.stop();
    const lasted = performance.now() - began;
    const end = await gateway.stop();
    const ended = order(neighbours, { do: 'end' });
    await attack;
    await ended;
    const result = { name: row.name, ...times, ...end, lasted, replies: given?.codes ?? 'still sending' };
    const met =
      end.died === null &&
      times.noop.p99 <= GOALS.p99 &&
      times.noop.worst <= GOALS.worst &&
      end.memory <= GOALS.memory &&
      end.stop <= GOALS.stop;
    return { ...result, met, ...(end.died === null ? {} : { lastWords: gateway.said() }) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const HEADINGS = [
  'row',
  'NOOP p50',
  'p99',
  'worst',
  'accept p99',
  'memory',
  'stop',
  'timer late p99',
  'goal',
];
const ms = (value) => (value < 10 ? `${value.toFixed(1)} ms` : `${value.toFixed(0)} ms`);

function line({ name, noop, accept, late, memory, stop, died, met }) {
  const cells = [
    name,
    ...[noop.p50, noop.p99, noop.worst, accept.p99].map(ms),
    `${memory.toFixed(0)} MiB`,
    died === null ? `${(stop / 1000).toFixed(1)} s` : `died (${died})`,
    ms(late.p99),
    met ? 'met' : '**missed**',
  ];
  return `| ${cells.join(' | ')} |`;
}

async function main() {
  if (options.list === true) {
    for (const { name } of ROWS) console.log(name);
    return;
  }
  const rows = chosen();
  const neighbours = fork(fileURLToPath(new URL('./fairness/neighbours.mjs', import.meta.url)));
  const template = mkdtempSync(join(tmpdir(), 'postern-fairness-'));
  const results = [];
  try {
    const { ports } = await order(neighbours, { do: 'open' });
    const tokens = makeTemplate(template, ports);
    if (options.json !== true) {
      console.log(`| ${HEADINGS.join(' | ')} |`);
      console.log(
        `| --- | ${HEADINGS.slice(1)
          .map(() => '---:')
          .join(' | ')} |`,
      );
    }
    for (const row of rows) {
      const result = await measure(row, { template, tokens, ports, neighbours });
      results.push(result);
      if (options.json !== true) console.log(line(result));
    }
  } finally {
    neighbours.disconnect();
    rmSync(template, { recursive: true, force: true });
  }
  const missed = results.filter(({ met }) => !met).length;
  if (options.json === true) console.log(JSON.stringify({ goals: GOALS, results }, null, 2));
  else console.log(`\n${results.length - missed} of ${results.length} rows meet the goal.`);
  process.exitCode = missed === 0 ? 0 : 1;
}

await main();
