/** The look of a report page, in light and dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #14181f; --faint: #667085; --line: #e4e7ec;
  --good: #2563eb; --fill: rgba(37, 99, 235, .12); --bad: #dc2626; --second: #9333ea;
  --note: #fff7e0; --note-line: #f2c94c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0e1116; --card: #171b22; --ink: #e8ebf0; --faint: #8b95a5; --line: #2a303a;
    --good: #60a5fa; --fill: rgba(96, 165, 250, .16); --bad: #f87171; --second: #c084fc;
    --note: #2b2412; --note-line: #8a6d1f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 66rem; margin: 0 auto; }
h1 { font-size: 1.7rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 .25rem; }
h2 { font-size: 1rem; font-weight: 600; margin: 0 0 .5rem; }
h2 + p { margin-bottom: .75rem; }
p { margin: 0; }
.faint { color: var(--faint); }
.small { font-size: .875rem; }
header { margin-bottom: 1.75rem; }
.figures { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.15rem 1.25rem;
  margin-bottom: 1rem;
}
.figures .card { margin: 0; }
.figures { margin-bottom: 1rem; }
.figure { font-size: 1.85rem; font-weight: 650; letter-spacing: -.03em; line-height: 1.15; }
.figure small { display: block; min-height: 1.4em; font-size: .95rem; font-weight: 500; color: var(--faint); letter-spacing: 0; }
.figure .bad { color: var(--bad); }
code { font: inherit; font-weight: 600; white-space: nowrap; }
.note { background: var(--note); border-color: var(--note-line); }
.note p + p { margin-top: .5rem; }
.columns { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: .3rem 0 .3rem .75rem; border-top: 1px solid var(--line); font-weight: 400; }
tr:first-child > * { border-top: 0; }
h1, td:first-child { overflow-wrap: anywhere; }
td { overflow-wrap: break-word; }
th:first-child, td:first-child { text-align: left; padding-left: 0; color: var(--faint); }
.scroll th, .scroll td { white-space: nowrap; }
.scroll table { font-size: .9375rem; }
thead th { color: var(--faint); font-size: .875rem; }
.scroll { overflow-x: auto; }
@media (max-width: 30rem) {
  body { padding: 1.5rem .75rem 3rem; }
  .card { padding: 1rem; }
  .scroll th, .scroll td { padding-left: .4rem; }
  .scroll th:first-child, .scroll td:first-child { padding-left: 0; white-space: normal; overflow-wrap: normal; }
  .scroll table { font-size: .8125rem; }
}
.chart { min-height: 300px; }
.uplot, .u-legend { font-family: inherit; }
.u-legend { color: var(--faint); font-size: .875rem; }
.uplot:not(:hover) .u-legend tr:first-child { visibility: hidden; }
.uplot:not(:hover) .u-inline.u-live th::after { content: ''; }
.u-legend th, .u-legend td { border: 0; padding: .1rem .25rem; text-align: left; }
td.bars { width: 90%; text-align: left; }
.bar { display: block; height: .55rem; min-width: 1px; margin: .15rem 0; border-radius: 3px; }
.bar.a { background: var(--good); }
.bar.b { background: var(--second); }
footer { margin-top: 1.5rem; }
@media print { body { padding: 0; } .card { break-inside: avoid; } }
`;
