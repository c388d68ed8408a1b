import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const dist = fileURLToPath(new URL('./dist/', import.meta.url));

export default defineConfig({
  resolve: {
    // Tests name the sources; what runs is the compiled output, the very files that ship (a worker
    // thread can be started from nothing else). `npm test` builds first.
    alias: [{ find: /^(?:\.\.\/)+src\/(.*)\.js$/, replacement: `${dist}$1.js` }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Loaded by Node itself, as by a user. Not so for coverage: it counts on the code that vite has seen,
    // and places of one text in another would be off.
    server: { deps: { external: process.argv.includes('--coverage') ? [] : [/\/dist\//] } },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['dist/**/*.js'],
      reporter: ['text-summary', 'html', 'json-summary'],
      // docs/conformance.md promises it.
      thresholds: { 'src/protocol/**/*.ts': { lines: 100, branches: 100 } },
    },
  },
});
