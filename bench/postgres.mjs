// The figures of the store on PostgreSQL, each beside what it is compared with, in turns, in one run.
//
//   npm run -s build && node bench/postgres.mjs [PART...] [--rounds 5] [--seconds 5] [--few 1000] [--many 1000000] [--json]
//     [--binaries /usr/lib/postgresql/15/bin]
//
// It starts a PostgreSQL server of its own, which syncs, and removes it at the end. On a busy machine look at the processor
// time: rates are what the others leave.
import { parseArgs } from 'node:util';
import { startCluster } from './postgres/cluster.mjs';
import { PARTS } from './postgres/parts.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    few: { type: 'string', default: '1000' },
    many: { type: 'string', default: '1000000' },
    binaries: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
for (const name of positionals) {
  if (PARTS[name] !== undefined) continue;
  console.error(`bench: there is no part "${name}"; there is ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
const options = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  few: Number(values.few),
  many: Number(values.many),
};
const results = {};
for (const name of positionals.length > 0 ? positionals : Object.keys(PARTS)) {
  const { title, measure } = PARTS[name];
  if (!values.json) console.log(`\n${title}`);
  const cluster = await startCluster({ max_wal_size: '1GB' }, values.binaries);
  try {
    const rows = await measure(cluster, options);
    results[name] = rows;
    if (!values.json) console.table(rows.map(rounded));
  } finally {
    await cluster.stop();
  }
}
if (values.json) console.log(JSON.stringify(results));

function rounded(row) {
  const short = (value) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value);
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, short(value)]));
}
