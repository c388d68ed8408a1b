import { count, duration, figure, octets, percent, time } from './format.js';
import type { Report, Spread } from './report.js';

/** Returns the report for a terminal. */
export function reportText(report: Report): string {
  const { messages, warmup } = report;
  const failed = messages.refused + messages.lost;
  const lines: [string, string][] = [
    ['target', report.target],
    ['load', loadOf(report)],
    ['time', timeOf(report)],
    ['messages', `${count(messages.accepted)} accepted${failed === 0 ? '' : `, ${failures(report)}`}`],
    ['throughput', `${figure(report.messagesPerSecond)} messages/s, ${octets(report.octetsPerSecond)}/s`],
    ['connections', connectionsOf(report)],
    ['generator', generatorOf(report)],
  ];
  if (warmup.started > 0) lines.splice(3, 0, ['warm-up', `${count(warmup.accepted)} accepted, not counted`]);
  return [
    ...lines.map(([name, text]) => `${name.padEnd(12)}${text}`),
    '',
    ...latencyTable(report),
    '',
    `replies     ${repliesOf(report)}`,
    ...examplesOf(report),
    ...warnings(report),
    '',
  ].join('\n');
}

/** Describes the load that was asked for. */
export function loadOf({ settings }: Report): string {
  const { schedule, sizes, recipients, ramp, messagesPerConnection, user, users, own } = settings;
  const loop =
    schedule === null
      ? 'closed loop'
      : `open loop ${schedule.stages === undefined ? 'at' : 'in stages up to'} ${schedule.perSecond.toLocaleString('en-US')} messages/s (${schedule.arrivals})`;
  const total = sizes.reduce((sum, { weight }) => sum + weight, 0);
  const mix = sizes.map(({ octets: size, weight }) =>
    sizes.length === 1 ? octets(size) : `${percent(weight / total)} of ${octets(size)}`,
  );
  return [
    loop,
    `${count(settings.connections)} connection${settings.connections === 1 ? '' : 's'}`,
    ...(ramp === 0 ? [] : [`ramp of ${duration(ramp / 1000)}`]),
    own === null ? mix.join(' + ') : `${count(own)} message${own === 1 ? '' : 's'} from files`,
    ...(recipients === 1 ? [] : [`${recipients} recipients`]),
    ...(messagesPerConnection === null ? [] : [`${count(messagesPerConnection)} per connection`]),
    ...(settings.pipelining ? ['PIPELINING'] : []),
    ...(settings.chunking ? ['BDAT'] : []),
    ...(settings.startTls ? ['STARTTLS'] : []),
    ...(settings.resumeTls ? ['TLS resumed'] : []),
    ...(user ? [users > 1 ? `AUTH as ${count(users)} users` : 'AUTH'] : []),
  ].join(', ');
}

/** Returns warnings that the reader needs before the figures; empty if there are no warnings. */
export function warnings(report: Report): string[] {
  const { generator, messages, warmup, service } = report;
  const found: string[] = [];
  if (report.latency.count === 0 && warmup.started > 0) {
    found.push(
      'All messages ended within the warm-up: nothing was measured. A shorter --warmup, or more --messages.',
    );
  }
  if (generator.saturated && generator.slip === null) {
    found.push(
      `The generator is saturated (${percent(generator.busiest)} busy): these figures are its own limit, not the ` +
        "server's. Give it more --threads, or a core to itself.",
    );
  } else if (generator.saturated && generator.slip !== null) {
    found.push(
      `The generator was late by ${time(generator.slip.p99)} (p99): latencies are too long by that. Give it more ` +
        '--threads, a core to itself, or a lower --rate.',
    );
  }
  if (messages.unstarted > 0) {
    found.push(
      `${count(messages.unstarted)} messages were due and never begun: the rate is more than the server takes.`,
    );
  }
  if (service !== null && service.p99 > 0 && report.latency.p99 > 10 * service.p99) {
    found.push(
      'Messages waited for a free connection: the latency counts from when they were due. More --connections, or a lower --rate.',
    );
  }
  if (report.interrupted) found.push('Stopped before its end.');
  if (report.gaveUp) found.push('Given up before its end: no connection could be had for ten seconds.');
  return found.map((text) => `! ${text}`);
}

/** Formats one percentile; a dash if nothing was measured. */
export function timeIn(spread: Spread, name: keyof Spread): string {
  return spread.count === 0 ? '–' : time(spread[name]);
}

function latencyTable(report: Report): string[] {
  const rows: [string, Spread][] = [
    [report.service === null ? 'message' : 'from due', report.latency],
    ...(report.service === null ? [] : ([['from start', report.service]] as [string, Spread][])),
    ['connection', report.setup],
  ];
  const columns = ['p50', 'p75', 'p90', 'p99', 'p99_9', 'p99_99', 'max', 'mean'] as const;
  const header = columns.map((name) => name.replace('_', '.').padStart(9)).join('');
  return [
    `latency     ${header}`,
    ...rows.map(
      ([name, spread]) =>
        `  ${name.padEnd(10)}${columns.map((column) => timeIn(spread, column).padStart(9)).join('')}`,
    ),
  ];
}

function timeOf({ seconds, settings, host }: Report): string {
  const warm = settings.warmup === 0 ? '' : ` behind a warm-up of ${duration(settings.warmup / 1000)}`;
  return `${duration(seconds)}${warm}, Node ${host.node.slice(1)}, ${host.cpus} × ${host.cpu}`;
}

function failures({ messages }: Report): string {
  return [
    ...(messages.refused === 0 ? [] : [`${count(messages.refused)} refused`]),
    ...(messages.lost === 0 ? [] : [`${count(messages.lost)} lost`]),
  ].join(', ');
}

function connectionsOf({ messages, warmup }: Report): string {
  const before = warmup.opened === 0 ? '' : `, ${count(warmup.opened)} in the warm-up`;
  const resumed = messages.resumed === 0 ? '' : `, ${count(messages.resumed)} with a resumed TLS session`;
  const failed = messages.notOpened === 0 ? '' : `, ${count(messages.notOpened)} failed`;
  return `${count(messages.opened)} opened${before}${resumed}${failed}`;
}

function generatorOf({ generator }: Report): string {
  const threads = `${generator.threads} thread${generator.threads === 1 ? '' : 's'}`;
  const late = generator.slip === null ? '' : `, late by ${time(generator.slip.p99)} (p99)`;
  return `${threads}, ${generator.cores.toFixed(2)} cores, ${percent(generator.busiest)} busy${late}`;
}

function repliesOf({ replies }: Report): string {
  const list = Object.entries(replies).map(([code, times]) => `${code} × ${count(times)}`);
  return list.length === 0 ? 'none' : list.join(', ');
}

function examplesOf({ faults }: Report): string[] {
  return [
    ...Object.values(faults.replies).map((text) => `            such as ${text}`),
    ...Object.entries(faults.errors).map(
      ([kind, { count: times, first }]) => `errors      ${kind} × ${count(times)}, such as ${first}`,
    ),
  ];
}
