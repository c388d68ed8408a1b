// Prints the table of docs/performance.md from results that are kept.
//
//   node bench/table.mjs bench/results/DATE.json
import { readFileSync } from 'node:fs';
import { goalsTable } from './suite/markdown.mjs';

console.log(goalsTable(JSON.parse(readFileSync(process.argv[2], 'utf8'))));
