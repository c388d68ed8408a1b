import { defineConfig } from 'vitest/config';

// The tests of the core that are quick, and say the same in each run: thousands of mutants are each held
// against them. They load the sources, since those are what is mutated.
export default defineConfig({
  test: {
    include: ['test/protocol/*.test.ts', 'test/mutation/*.mutation.ts'],
    exclude: ['**/*.property.test.ts', '**/fuzz.test.ts', '**/model.test.ts', '**/states.test.ts'],
    testTimeout: 60_000,
  },
});
