// Prints the tables of docs/performance.md from results that are kept.
//
//   node bench/table.mjs bench/results/DATE.json
import { readFileSync } from 'node:fs';
import { goalsTable, growthTable, ratesTable, sidesList } from './suite/markdown.mjs';

const results = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const parts = [goalsTable, ratesTable, growthTable, sidesList].map((part) => part(results));
console.log(parts.filter((part) => part !== '').join('\n\n'));
