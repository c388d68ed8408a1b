import { comparedRows, differences, type Named } from './compare.js';
import { pageHead, text } from './page.js';
import { loadOf } from './text.js';

/** The longest bar, in percent of its cell. */
const FULL = 100;

/** Returns two runs side by side as one HTML page that needs no network, no script and no other file. */
export function comparePage([nameA, a]: Named, [nameB, b]: Named): string {
  const rows = comparedRows(a, b).map(
    (cells) => `<tr>${cells.map((cell) => `<td>${text(cell)}</td>`).join('')}</tr>`,
  );
  const settings = differences(a, b);
  const note =
    settings.length === 0
      ? ''
      : `<section class="card note"><p>These settings are not the same: ${text(settings.join(', '))}.</p></section>`;
  return `${pageHead(`${nameB} compared with ${nameA}`, '')}
<main>
<header><h1>${text(nameB)} compared with ${text(nameA)}</h1></header>
${note}
<div class="columns">
${run('A', nameA, a)}
${run('B', nameB, b)}
</div>
<section class="card"><h2>Figures</h2><div class="scroll"><table><thead><tr><th></th><th>A</th><th>B</th><th>B / A</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></section>
<section class="card"><h2>Latency by percentile</h2><div class="scroll"><table><tbody>${latencies(a, b)}</tbody></table></div></section>
<footer class="faint small">Made by postern bench.</footer>
</main>
</body>
</html>
`;
}

function run(letter: string, name: string, report: Named[1]): string {
  const date = report.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
  return `<section class="card"><h2>${letter}: ${text(name)}</h2><p>${text(report.target)}</p><p class="faint small">${text(loadOf(report))}</p><p class="faint small">${text(date)}, Node ${text(report.host.node)}</p></section>`;
}

/** Returns a row with two bars for each percentile; the longest of all is full. */
function latencies(a: Named[1], b: Named[1]): string {
  const names = [
    ['50%', 'p50'],
    ['90%', 'p90'],
    ['99%', 'p99'],
    ['99.9%', 'p99_9'],
    ['max', 'max'],
  ] as const;
  const most = Math.max(1, ...names.flatMap(([, key]) => [a.latency[key], b.latency[key]]));
  const bar = (microseconds: number, kind: string): string =>
    `<span class="bar ${kind}" style="width: ${((microseconds / most) * FULL).toFixed(1)}%"></span>`;
  return names
    .map(
      ([name, key]) =>
        `<tr><td>${name}</td><td class="bars">${bar(a.latency[key], 'a')}${bar(b.latency[key], 'b')}</td></tr>`,
    )
    .join('');
}
