import { defineConfig } from 'vitest/config';

// The tests of the area that is mutated, as run.mjs passes them. They load the sources, since those are what is mutated.
export default defineConfig({
  test: {
    include: (process.env['POSTERN_MUTATION_TESTS'] ?? '').split(' '),
    exclude: ['**/*.property.test.ts', '**/fuzz.test.ts', '**/model.test.ts', '**/states.test.ts'],
    testTimeout: 60_000,
  },
});
