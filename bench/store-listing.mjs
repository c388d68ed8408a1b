// How long pages of the list, searches and statistics take in a store of many messages: fifty domains, two hundred
// tags, a year. Each question is put many times, one after the other, with other domains, tags and words each time,
// and pages are collected as the API collects them. Beside the time stands the mean of the processor time of all
// threads, which other work on the machine disturbs less.
//
//   npm run -s build && node bench/store-listing.mjs [messages] [--repeats N] [--folder DIR] [--only WORD]
//                                                    [--quick] [--json]
//
// By default 20,000 messages; 1000000 takes some minutes and some gigabytes. A folder that is given is filled if it is
// empty and kept. `--quick` only shows that all of it works.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { collectPage } from '../dist/api/reading/pages.js';
import { openSqliteStore } from '../dist/store/sqlite/index.js';
import { DOMAINS, domainName, fill, settle, TAGS, tagName } from './listing/fill.mjs';
import { questionsOf } from './listing/questions.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repeats: { type: 'string' },
    folder: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
  },
});
const MESSAGES = Number(positionals[0] ?? (values.quick ? 2_000 : 20_000));
const REPEATS = Number(values.repeats ?? (values.quick ? 2 : 40));
const END = Date.UTC(2026, 10, 1);
const say = values.json ? () => undefined : (text) => console.log(text);

const directory = values.folder ?? mkdtempSync(join(tmpdir(), 'postern-bench-'));
const file = join(directory, 'postern.db');

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

async function measure(store, { name, ask }) {
  const times = [];
  let found = 0;
  let spent = process.cpuUsage();
  // The first one is not counted: it compiles code and statements.
  for (let turn = -1; turn < REPEATS; turn++) {
    if (turn === 0) spent = process.cpuUsage();
    const began = performance.now();
    const answer = await ask(store, turn + 1);
    if (turn >= 0) times.push(performance.now() - began);
    found += answer;
  }
  const { user, system } = process.cpuUsage(spent);
  times.sort((a, b) => a - b);
  return {
    name,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    processor: (user + system) / 1000 / REPEATS,
    found: found / (REPEATS + 1),
  };
}

const rows = [];
try {
  if (!existsSync(file)) {
    const began = performance.now();
    await fill(directory, MESSAGES, END, (number) => say(`${number} of ${MESSAGES} messages`));
    say(`filled in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  await settle(directory, ({ journal, messages }) =>
    say(`${journal} octets of counts to be folded, ${messages} messages or transactions to be indexed`),
  );
  say(`${MESSAGES} messages, ${(statSync(file).size / 2 ** 20).toFixed(0)} MiB, ${REPEATS} times each\n`);
  const store = await openSqliteStore({ directory, exclusive: true });
  try {
    const collect = (filter, before, limit = 50) =>
      collectPage(store.mail, 'all', { filter, limit, ...(before === undefined ? {} : { before }) }, 2000);
    say(
      `${'milliseconds'.padEnd(46)} ${'p50'.padStart(9)} ${'p99'.padStart(9)} ${'processor'.padStart(9)} ${'found'.padStart(7)}`,
    );
    const all = questionsOf({ collect, messages: MESSAGES, end: END, domainName, tagName, DOMAINS, TAGS });
    for (const question of all) {
      if (values.only !== undefined && !question.name.includes(values.only)) continue;
      const row = await measure(store, question);
      rows.push(row);
      const [p50, p99, processor] = [row.p50, row.p99, row.processor].map((time) =>
        time.toFixed(2).padStart(9),
      );
      say(`${row.name.padEnd(46)} ${p50} ${p99} ${processor} ${row.found.toFixed(0).padStart(7)}`);
    }
  } finally {
    await store.close();
  }
} finally {
  if (values.folder === undefined) rmSync(directory, { recursive: true, force: true });
}
if (values.json) console.log(JSON.stringify({ messages: MESSAGES, repeats: REPEATS, rows }));
