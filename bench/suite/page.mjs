// Results as one page that needs nothing else: charts by uPlot, put into it.
import { charting } from '../../dist/load/report/page/uplot.js';
import { findingText } from './sides.mjs';
import { goalText, percent, stolenText } from './text.mjs';

const escape = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
/** JSON that cannot end the script it stands in. */
const inScript = (value) => JSON.stringify(value).replace(/</g, '\\u003c');

export async function page(results) {
  const uplot = await charting();
  const { host, version, commit, date } = results;
  const growth = results.results.filter(({ id }) => id.startsWith('growth-'));
  const charts = results.results.map(({ id, contestants }) => ({
    id,
    names: contestants.map(({ name }) => name),
    rates: contestants.map(({ rate }) => rate),
  }));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Postern: benchmark of ${escape(date.slice(0, 10))}</title>
<style>
${uplot.style}
:root { color-scheme: light dark; --ink: light-dark(#1b1f24, #e6e8ea); --dim: light-dark(#667, #99a); --line: light-dark(#ddd, #333); }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: light-dark(#fff, #16181b); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; }
p, .dim { color: var(--dim); } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: .2rem .8rem; border-bottom: 1px solid var(--line); text-align: right; font-weight: normal; }
td:first-child, th:first-child { text-align: left; } th { color: var(--dim); } .short { color: #d33; } .met { color: #2a2; }
.scroll { overflow-x: auto; }
</style>
<h1>Postern ${escape(version)}: benchmark</h1>
<p>${escape(date.slice(0, 16).replace('T', ' '))} UTC, commit ${escape(commit ?? 'unknown')}. Node ${escape(host.node)}, ${escape(host.system)}, ${host.processors} × ${escape(host.processor)}. ${results.rounds} rounds of ${results.seconds} s, in turns; medians. ${results.pinned ? 'Server and generator each on a core of its own.' : 'Server and generator not kept apart.'}</p>
${goalTable(results.results)}
${growth.length > 1 ? '<h2>Messages a second by connections</h2><div id="growth"></div>' : ''}
${results.results.map(section).join('\n')}
${results.sides.map(({ title, findings }) => `<h2>${escape(title)}</h2>${findings.map((finding) => `<p>${escape(findingText(finding))}</p>`).join('')}`).join('\n')}
<script>${uplot.script}</script>
<script>
const charts = ${inScript(charts)};
const growth = ${inScript(growthLines(growth))};
${DRAW}
</script>
</html>
`;
}

function goalTable(results) {
  const goals = results.flatMap(({ title, goals }) => goals.map((goal) => ({ title, ...goal })));
  if (goals.length === 0) return '';
  const rows = goals.map(
    ({ title, subject, against, ratio, spread, least, met }) =>
      `<tr><td>${escape(title)}<td>${escape(subject)} to ${escape(against)}<td class="${met ? 'met' : 'short'}">${ratio.toFixed(2)}<td>${percent(spread)}<td>${least}`,
  );
  return `<h2>Goals</h2><div class="scroll"><table><tr><th>scenario<th>ratio of messages a second<th>median<th>±<th>goal${rows.join('')}</table></div>`;
}

function section({ id, title, contestants, missing, goals, witness, stolen }) {
  const rows = contestants.map(
    (entry) =>
      `<tr><td>${escape(entry.name)}<span class="dim"> ${escape(entry.version)}</span><td>${entry.rate.toFixed(0)}<td>${percent(entry.spread)}<td>${entry.processorTime === null ? '' : entry.processorTime.toFixed(1)}<td>${(entry.p50 / 1000).toFixed(2)}<td>${(entry.p99 / 1000).toFixed(2)}<td>${percent(entry.generatorBusy)}`,
  );
  const notes = [
    ...goals.map(goalText),
    ...stolenText(stolen),
    ...Object.entries(missing).map(([name, why]) => `${name} is not here: ${why}`),
    ...(witness === null ? [] : [`By smtp-source, postern takes ${witness.rate.toFixed(0)} a second.`]),
  ];
  return `<h2>${escape(title)}</h2>
<div class="chart" id="${escape(id)}"></div>
<div class="scroll"><table><tr><th>server<th>messages/s<th>±<th>µs of server<th>p50 ms<th>p99 ms<th>generator busy${rows.join('')}</table></div>
${notes.map((note) => `<p>${escape(note)}</p>`).join('')}`;
}

/** For each contestant its rate by connections. */
function growthLines(growth) {
  const names = [...new Set(growth.flatMap(({ contestants }) => contestants.map(({ name }) => name)))];
  return {
    connections: growth.map(({ id }) => Number(/\d+/.exec(id)[0]) * 10),
    lines: names.map((name) => ({
      name,
      rates: growth.map(({ contestants }) => contestants.find((entry) => entry.name === name)?.rate ?? null),
    })),
  };
}

const DRAW = String.raw`
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const dark = matchMedia('(prefers-color-scheme: dark)').matches;
const ink = dark ? '#99a' : '#667', grid = dark ? '#333' : '#ddd';
const colours = ['#4c8dff', '#2a9d6f', '#e08a2e', '#c2528b', '#7d6ad8', '#8a8f98', '#b0a040'];
const axis = (more) => ({ stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, ...more });
const width = () => Math.min(document.body.clientWidth, 960);
const short = (v) => v >= 1e6 ? v / 1e6 + 'M' : v >= 1e3 ? v / 1e3 + 'k' : String(v);
for (const { id, names, rates } of charts) {
  if (names.length === 0) continue;
  const at = names.map((_, index) => index);
  new uPlot({
    width: width(), height: 240, legend: { show: false }, cursor: { show: false },
    scales: { x: { time: false, range: [-0.6, names.length - 0.4] }, y: { range: (u, min, max) => [0, max * 1.1] } },
    axes: [
      axis({ splits: () => at, values: (u, splits) => splits.map((index) => names[index]), grid: { show: false } }),
      axis({ size: 60, values: (u, splits) => splits.map(short) }),
    ],
    series: [{}, { fill: colours[0] + 'cc', stroke: colours[0], paths: uPlot.paths.bars({ size: [0.6, 90] }), points: { show: false } }],
  }, [at, rates], document.getElementById(id));
}
if (document.getElementById('growth')) {
  new uPlot({
    width: width(), height: 300,
    scales: { x: { time: false, distr: 3, log: 2 }, y: { range: (u, min, max) => [0, max * 1.1] } },
    axes: [axis({}), axis({ size: 60, values: (u, splits) => splits.map(short) })],
    series: [{ label: 'connections' }, ...growth.lines.map(({ name }, index) => ({ label: name, stroke: colours[index], width: 2 }))],
  }, [growth.connections, ...growth.lines.map(({ rates }) => rates)], document.getElementById('growth'));
}
`;
