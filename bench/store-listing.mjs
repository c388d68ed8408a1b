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
import { measureAll } from './listing/measure.mjs';
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
    const all = questionsOf({ collect, messages: MESSAGES, end: END, domainName, tagName, DOMAINS, TAGS });
    rows.push(...(await measureAll(store, all, { repeats: REPEATS, only: values.only, say })));
  } finally {
    await store.close();
  }
} finally {
  if (values.folder === undefined) rmSync(directory, { recursive: true, force: true });
}
if (values.json) console.log(JSON.stringify({ messages: MESSAGES, repeats: REPEATS, rows }));
