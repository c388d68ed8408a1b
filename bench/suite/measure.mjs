// Measures a scenario: all its contestants are up at once, and are loaded in turns, round by round, so that whatever
// the machine does meanwhile it does to all of them.
import { fileURLToPath } from 'node:url';
import { CONTESTANTS } from './contestants.mjs';
import { generate, has, machineTime, processorTime, residentMemory, stolenSince } from './processes.mjs';
import { median, pairedRatio, spread } from './statistics.mjs';

const POSTERN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/**
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @typedef {{ seconds: number } | { messages: number }} Amount
 * @param {{ rounds: number, amount: Amount, warmup: Amount | null, certificate: { cert: string, key: string }, only: Set<string> | null, judged: boolean }} options `judged`: whether it is long enough to hold goals against
 */
export async function measure(scenario, options) {
  const missing = {};
  const running = [];
  try {
    for (const run of scenario.runs) {
      if (options.only !== null && !options.only.has(run.contestant)) continue;
      const { missing: why, start } = CONTESTANTS[run.contestant];
      const reason = why();
      if (reason === null) {
        const { certificate } = options;
        const needs = run.needs.tls === undefined ? run.needs : { ...run.needs, certificate };
        running.push({ run, server: await start(needs), samples: [] });
      } else missing[run.name] = reason;
    }
    for (const entry of running) {
      // A first load that is not counted: code gets compiled, caches get warm.
      if (options.warmup !== null) await load(entry, options.warmup);
      if (scenario.halfRate === true) {
        const { rate: greatest } = await load(entry, options.amount);
        entry.rate = Math.max(1, greatest / 2);
      }
    }
    const began = machineTime();
    for (let round = 0; round < options.rounds; round++) {
      // In alternating order, so that no contestant always comes after the same one.
      const order = round % 2 === 0 ? running : [...running].reverse();
      for (const entry of order) entry.samples.push(await load(entry, options.amount));
    }
    const stolen = stolenSince(began);
    const witness = await askWitness(scenario, running, options);
    const goals = options.judged ? scenario.goals : [];
    return { ...summary({ ...scenario, goals }, running, missing), stolen, witness };
  } finally {
    for (const { server } of running) await server.stop();
  }
}

/** One load on one contestant: so many seconds, or so many messages. */
async function load({ run, server, rate }, { seconds, messages }) {
  const scheme = run.needs.tls === 'implicit' ? 'smtps' : 'smtp';
  const user = server.credentials === undefined ? '' : `${server.credentials}@`;
  const before = processorTime(server.pid);
  const url = `${scheme}://${user}127.0.0.1:${server.port}`;
  const amount =
    seconds === undefined
      ? ['--messages', String(messages)]
      : ['--duration', `${Math.round(seconds * 1000)}ms`];
  const arrivals = rate === undefined ? [] : ['--rate', rate.toFixed(1)];
  const words = [...run.load, ...amount, ...arrivals, '--json'];
  const { stdout } = await generate(['node', POSTERN, 'bench', url, ...words]);
  const report = JSON.parse(stdout);
  const done = report.messages.accepted;
  if (done === 0) throw new Error(`${run.name} took no message: ${JSON.stringify(report.faults)}`);
  return {
    rate: report.messagesPerSecond,
    // Of the whole load, with what was under way at its end.
    processorTime: before === null ? null : ((processorTime(server.pid) - before) * 1000) / done,
    p50: report.latency.p50,
    p99: report.latency.p99,
    refused: report.messages.refused,
    generatorBusy: report.generator.busiest,
    memory: residentMemory(server.pid),
  };
}

/** What Postfix's smtp-source makes of Postern under the same load, beside our own generator: they must agree. */
async function askWitness({ witness }, running, { amount }) {
  const entry = running.find(({ run }) => run.name === 'postern');
  if (witness === undefined || entry === undefined || !has('smtp-source')) return null;
  const rate = median(entry.samples.map((sample) => sample.rate));
  const messages = amount.messages ?? Math.max(50, Math.round(rate * amount.seconds));
  const words = ['smtp-source', ...witness, '-m', String(messages), '-f', 'bench@example.com'];
  const before = processorTime(entry.server.pid);
  const run = await generate([...words, '-t', 'rcpt@example.net', `127.0.0.1:${entry.server.port}`]);
  const used = before === null ? null : ((processorTime(entry.server.pid) - before) * 1000) / messages;
  return { rate: messages / run.seconds, processorTime: used };
}

function summary({ id, title, goals }, running, missing) {
  const column = (entry, name) => entry.samples.map((sample) => sample[name]);
  const contestants = running.map((entry) => ({
    name: entry.run.name,
    version: CONTESTANTS[entry.run.contestant].version(),
    rate: median(column(entry, 'rate')),
    spread: spread(column(entry, 'rate')),
    processorTime: column(entry, 'processorTime').includes(null)
      ? null
      : median(column(entry, 'processorTime')),
    p50: median(column(entry, 'p50')),
    p99: median(column(entry, 'p99')),
    generatorBusy: median(column(entry, 'generatorBusy')),
    memory: entry.samples.at(-1)?.memory ?? null,
    samples: entry.samples,
  }));
  const samplesOf = (name) => running.find(({ run }) => run.name === name)?.samples;
  const judged = goals.flatMap(({ subject, against, least, withinSpread = false }) => {
    const [ours, theirs] = [samplesOf(subject), samplesOf(against)];
    if (ours === undefined || theirs === undefined) return [];
    const rates = (samples) => samples.map(({ rate }) => rate);
    const costs = (samples) => samples.map(({ processorTime: cost }) => cost);
    const found = pairedRatio(rates(ours), rates(theirs));
    const cost = costs([...ours, ...theirs]).includes(null)
      ? null
      : pairedRatio(costs(theirs), costs(ours)).ratio;
    const reached = withinSpread ? found.ratio * (1 + found.spread) : found.ratio;
    return [{ subject, against, least, ...found, costRatio: cost, met: reached >= least }];
  });
  return { id, title, contestants, missing, goals: judged };
}
