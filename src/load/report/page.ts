import { count, duration, figure, octets, percent, time } from './format.js';
import { SCRIPT } from './page/script.js';
import { STYLE } from './page/style.js';
import { charting } from './page/uplot.js';
import type { Report, Spread } from './report.js';
import { loadOf, timeIn, warnings } from './text.js';

/**
 * Returns the report as one HTML page that needs no network and no other file. Figures and tables are there without
 * scripts; the charts are drawn by uPlot, which is part of the page.
 */
export async function reportPage(report: Report): Promise<string> {
  const uplot = await charting();
  const { interval, percentiles } = report;
  // The last point covers less than an interval. If it were drawn like the others, the rate would seem to fall.
  const end = report.seconds + report.settings.warmup / 1000;
  const whole = report.timeline.filter(({ at }) => at <= end);
  const timeline = whole.length === 0 ? report.timeline : whole;
  // A "<" in the data could end the script element early.
  const data = JSON.stringify({ interval, timeline, percentiles }).replaceAll('<', '\\u003c');
  return `${pageHead(`${figure(report.messagesPerSecond)} messages/s, ${report.target}`, uplot.style)}
<main>
${heading(report)}
${figures(report)}
${notes(report)}
${chart('throughput', 'Throughput over time', throughputIs(report))}
${chart('history', 'Latency over time', `Of the messages that ended within each ${report.interval} ms: half, and 99%, took no longer.`)}
${chart('latency', 'Latency by percentile', latencyIs(report))}
${latencies(report)}
<div class="columns">
${table('Replies', repliesOf(report))}
${table('Run', factsOf(report))}
</div>
<footer class="faint small">Made by postern bench. Latencies are off by a thousandth at the most.</footer>
</main>
<script type="application/json" id="data">${data}</script>
<script>${uplot.script}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** Returns everything up to the body of a page. The policy lets it load nothing. */
export function pageHead(title: string, style: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${text(title)}</title>
<style>${style}${STYLE}</style>
</head>
<body>`;
}

function heading(report: Report): string {
  const date = report.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
  return `<header><h1>${text(report.target)}</h1>
<p class="faint">${text(loadOf(report))}</p><p class="faint small">${text(date)}</p></header>`;
}

function chart(id: string, title: string, about: string): string {
  return `<section class="card"><h2>${text(title)}</h2><p class="faint small">${text(about)}</p><div id="${id}" class="chart"></div></section>`;
}

function throughputIs({ interval, settings }: Report): string {
  const warm = settings.warmup === 0 ? '' : ` The first ${duration(settings.warmup / 1000)} are warm-up.`;
  return `Messages a second, every ${interval} ms.${warm}`;
}

function latencyIs({ settings }: Report): string {
  return settings.schedule === null
    ? 'From the first command of a message to the last reply. In a closed loop nothing is sent while the server stalls, so that a stall shows in few messages.'
    : 'From when each message was due (its intended start) to the last reply, whether the server kept up or not: what had to wait is counted with its wait.';
}

function figures({ messages, latency, generator, ...report }: Report): string {
  const failed = messages.refused + messages.lost;
  return `<section class="figures">
${card('Throughput', figure(report.messagesPerSecond), 'messages/s')}
${card('Data', ...split(`${octets(report.octetsPerSecond)}/s`))}
${card('Half within', ...split(time(latency.p50)))}
${card('99% within', ...split(time(latency.p99)))}
${card('Accepted', count(messages.accepted), failed === 0 ? 'all messages' : `${count(failed)} failed`, failed > 0)}
${card('Generator', percent(generator.busiest), 'busy', generator.saturated)}
</section>`;
}

function card(name: string, value: string, unit: string, bad = false): string {
  return `<div class="card"><p class="faint small">${text(name)}</p><p class="figure">${text(value)} <small${bad ? ' class="bad"' : ''}>${text(unit)}</small></p></div>`;
}

function notes(report: Report): string {
  // An option must not break at its hyphens.
  const options = (html: string): string => html.replace(/--[a-z-]+/g, '<code>$&</code>');
  const found = warnings(report).map((note) => `<p>${options(text(note.replace(/^! /, '')))}</p>`);
  return found.length === 0 ? '' : `<section class="card note">${found.join('')}</section>`;
}

const SPREAD = [
  ['min', 'min'],
  ['50%', 'p50'],
  ['75%', 'p75'],
  ['90%', 'p90'],
  ['95%', 'p95'],
  ['99%', 'p99'],
  ['99.9%', 'p99_9'],
  ['99.99%', 'p99_99'],
  ['max', 'max'],
  ['mean', 'mean'],
] as const satisfies readonly (readonly [string, keyof Spread])[];

function latencies({ latency, service, setup }: Report): string {
  // A column for each moment from which time counts, since a phone has room for three columns and not for ten.
  const columns: (readonly [string, Spread])[] = [
    [service === null ? 'Message' : 'From due', latency],
    ...(service === null ? [] : [['From start', service] as const]),
    ['Connection', setup],
  ];
  const head = columns.map(([name]) => `<th>${name}</th>`).join('');
  const body = SPREAD.map(
    ([name, key]) =>
      `<tr><td>${name}</td>${columns.map(([, spread]) => `<td>${text(timeIn(spread, key))}</td>`).join('')}</tr>`,
  );
  return `<section class="card"><h2>Latency</h2><div class="scroll"><table><thead><tr><th></th>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div></section>`;
}

function repliesOf({ replies, faults }: Report): [string, string][] {
  return [
    ...Object.entries(replies).map(([code, times]): [string, string] => [
      faults.replies[code] ?? code,
      count(times),
    ]),
    ...Object.entries(faults.errors).map(([, { count: times, first }]): [string, string] => [
      first,
      count(times),
    ]),
  ];
}

function factsOf({
  messages,
  warmup,
  generator,
  host,
  settings,
  seconds,
}: Report): (readonly [string, string])[] {
  return [
    ['Time', duration(seconds)],
    ...(settings.warmup === 0
      ? []
      : ([
          [
            'Warm-up, not counted',
            `${duration(settings.warmup / 1000)}, ${count(warmup.accepted)} messages, ${count(warmup.opened)} connections`,
          ],
        ] as const)),
    ['Refused', count(messages.refused)],
    ['Lost', count(messages.lost)],
    ...(settings.schedule === null ? [] : ([['Due and never begun', count(messages.unstarted)]] as const)),
    ['Connections opened', count(messages.opened)],
    ...(settings.resumeTls ? ([['With a resumed TLS session', count(messages.resumed)]] as const) : []),
    ['Connections failed', count(messages.notOpened)],
    [
      'Generator',
      `${generator.threads} × ${percent(generator.busiest)} busy, ${generator.cores.toFixed(2)} cores`,
    ],
    ['Node', `${host.node}, ${host.system}`],
    ['Processor', `${host.cpus} × ${host.cpu}`],
  ];
}

function table(title: string, rows: readonly (readonly [string, string])[]): string {
  const body = rows.map(([name, value]) => `<tr><td>${text(name)}</td><td>${text(value)}</td></tr>`);
  return `<section class="card"><h2>${text(title)}</h2><table><tbody>${body.join('')}</tbody></table></section>`;
}

/** Splits a figure from its unit. */
function split(value: string): [string, string] {
  const [number = '', unit = ''] = value.split(/ (.*)/s, 2);
  return [number, unit];
}

/** Escapes text for HTML. */
export function text(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
