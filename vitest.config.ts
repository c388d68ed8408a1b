import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { FlakyTests } from './test/flaky.js';
import { LongestFirst } from './test/sequence.js';

const dist = fileURLToPath(new URL('./dist/', import.meta.url));

/** A folder with the package `postern` as it is packed: test/package/check.mjs runs tests of the entries on it. */
const packed = process.env['POSTERN_PACKED'];
const ENTRIES = {
  'index|server/index': 'index.mjs',
  'protocol/index|protocol/parts': 'protocol.mjs',
  'client/index|client/parts': 'client.mjs',
  'smtp-server/index': 'smtp-server.mjs',
  'testing/index': 'testing.mjs',
};
const packedEntries =
  packed === undefined
    ? []
    : Object.entries(ENTRIES).map(([paths, file]) => ({
        find: new RegExp(`^(?:\\.\\./)+src/(?:${paths})\\.js$`),
        replacement: `${packed}/${file}`,
      }));

export default defineConfig({
  resolve: {
    // Tests name the sources; what runs is the compiled output, the very files that ship (a worker
    // thread can be started from nothing else). `npm test` builds first.
    alias: [...packedEntries, { find: /^(?:\.\.\/)+src\/(.*)\.js$/, replacement: `${dist}$1.js` }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Loaded by Node itself, as by a user. Not so for coverage: it counts on the code that vite has seen,
    // and places of one text in another would be off.
    server: {
      deps: {
        external: process.argv.includes('--coverage') ? [] : [/\/dist\//, /\/node_modules\/postern\//],
      },
    },
    // Most tests wait for a server, a disk or a time-out for much of their time: more processes than cores if there are two.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    retry: process.env['CI'] === undefined ? 0 : 1,
    reporters: ['default', new FlakyTests()],
    // A hook ends a database server and removes its thousands of files, while other tests keep the disk busy.
    hookTimeout: 120_000,
    coverage: {
      provider: 'v8',
      include: ['dist/**/*.js'],
      reporter: ['text-summary', 'html', 'json-summary'],
      // docs/conformance.md promises it.
      thresholds: { 'src/protocol/**/*.ts': { lines: 100, branches: 100 } },
    },
  },
});
